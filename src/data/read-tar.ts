// The files of a tar archive (POSIX ustar), by name. Enough for npm packages: regular files only.

const BLOCK = 512;

/** Reads an uncompressed archive. */
export function readTar(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + BLOCK);
    const size = Number.parseInt(readText(header, 124, 12), 8);
    const type = String.fromCharCode(header[156]!);
    const prefix = readText(header, 345, 155);
    const name = `${prefix ? `${prefix}/` : ''}${readText(header, 0, 100)}`;
    if (type === '0' || type === '\0') files.set(name, archive.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function readText(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field
    .subarray(0, end < 0 ? length : end)
    .toString('utf8')
    .trim();
}
