// Reads the directory of a zip archive and the places of its entries, as PyTorch writes them: stored,
// not compressed. Every size is checked against the file and no two entries share a byte, so that a
// small file can't stand for a large one. The directory itself is in zip-directory.ts.

import { type FileBytes, truncated } from '../file-bytes.ts';
import { readDirectory, type ZipRecord } from './zip-directory.ts';
import { ENCRYPTED, LOCAL_BYTES, LOCAL_SIGNATURE, STORED } from './zip-format.ts';
import { compressed, invalidZip, show } from './zip-problems.ts';

/** One entry: where its bytes lie in the file. */
export interface ZipEntry {
  readonly name: string;
  readonly start: number;
  readonly size: number;
  /** CRC-32 of the bytes; 0 also where the writer recorded none (torch.serialization.set_crc32_options). */
  readonly crc: number;
}

/** Entries by name, in the directory's order. Throws ZIP_* and TENSOR_FILE_TRUNCATED. */
export function readZip(file: FileBytes): ReadonlyMap<string, ZipEntry> {
  const { records, start: directoryStart } = readDirectory(file);
  const entries = records.map((record) => locate(file, record));
  let end = 0;
  for (const [i, entry] of [...entries].sort((a, b) => a.headerStart - b.headerStart).entries()) {
    if (i > 0 && entry.headerStart < end)
      throw invalidZip(file.path, `entry ${show(entry.name)} lies inside another`);
    end = entry.start + entry.size;
    if (end > directoryStart) {
      throw invalidZip(
        file.path,
        `entry ${show(entry.name)} of ${entry.size} bytes reaches past byte ${directoryStart}`,
      );
    }
  }
  const named = new Map(entries.map(({ name, start, size, crc }) => [name, { name, start, size, crc }]));
  if (named.size !== entries.length) throw invalidZip(file.path, 'two of its entries have the same name');
  return named;
}

function locate(file: FileBytes, record: ZipRecord): ZipEntry & { readonly headerStart: number } {
  const { name, flags, method, size, compressedSize, crc, headerStart } = record;
  if (flags & ENCRYPTED) throw invalidZip(file.path, `entry ${show(name)} is encrypted`);
  if (method !== STORED || size !== compressedSize) throw compressed(file.path, name);
  if (headerStart + LOCAL_BYTES > file.size)
    throw truncated(file.path, `entry ${show(name)} at ${headerStart}`, `${file.size} bytes`);
  const header = Buffer.from(file.read(headerStart, LOCAL_BYTES).buffer);
  if (header.readUInt32LE(0) !== LOCAL_SIGNATURE)
    throw invalidZip(file.path, `entry ${show(name)} has no header at ${headerStart}`);
  const start = headerStart + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  return { name, start, size, crc, headerStart };
}
