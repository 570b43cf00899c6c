// The central directory of a zip archive: found from the file's end, read whole, believed only as far
// as the file is long.

import { type FileBytes, truncated } from '../file-bytes.ts';
import {
  CENTRAL_BYTES,
  CENTRAL_SIGNATURE,
  END_BYTES,
  END_SIGNATURE,
  END64_BYTES,
  END64_SIGNATURE,
  LOCATOR64_BYTES,
  LOCATOR64_SIGNATURE,
  MAX16,
  MAX32,
  ZIP64_FIELD,
} from './zip-format.ts';
import { invalidZip } from './zip-problems.ts';

/** What the directory says of an entry; nothing of it is checked yet. */
export interface ZipRecord {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerStart: number;
}

/** Largest directory that is read: some 500,000 entries. PyTorch's files have a few hundred. */
const MAX_DIRECTORY_BYTES = 64 * 2 ** 20;
/** The longest comment that may follow the end record. */
const MAX_COMMENT_BYTES = 65_535;

export function readDirectory(file: FileBytes): {
  readonly records: readonly ZipRecord[];
  readonly start: number;
} {
  const { start, size, count, end } = findDirectory(file);
  if (start + size > end)
    throw invalidZip(file.path, `its directory of ${size} bytes at ${start} does not end before ${end}`);
  if (size > MAX_DIRECTORY_BYTES || count * CENTRAL_BYTES > size)
    throw invalidZip(file.path, `its directory would have ${count} entries in ${size} bytes`);
  const bytes = Buffer.from(file.read(start, size).buffer);
  const records: ZipRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > size || bytes.readUInt32LE(at) !== CENTRAL_SIGNATURE)
      throw invalidZip(file.path, `entry ${i + 1} of ${count} is not in its directory`);
    const length =
      CENTRAL_BYTES + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (at + length > size)
      throw invalidZip(file.path, `entry ${i + 1} of ${count} is longer than its directory`);
    records.push(parseRecord(bytes.subarray(at, at + length), file.path));
    at += length;
  }
  return { records, start };
}

interface DirectoryPlace {
  readonly start: number;
  readonly size: number;
  readonly count: number;
  /** Where the directory ends at the latest. */
  readonly end: number;
}

function findDirectory(file: FileBytes): DirectoryPlace {
  const tailStart = Math.max(0, file.size - END_BYTES - MAX_COMMENT_BYTES);
  const tail = Buffer.from(file.read(tailStart, file.size - tailStart).buffer);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    const count = tail.readUInt16LE(at + 10);
    const size = tail.readUInt32LE(at + 12);
    const start = tail.readUInt32LE(at + 16);
    const end = tailStart + at;
    return count === MAX16 || size === MAX32 || start === MAX32
      ? findDirectory64(file, end)
      : { start, size, count, end };
  }
  throw truncated(file.path, 'the directory of a zip archive at its end', `${file.size} bytes without one`);
}

function findDirectory64(file: FileBytes, end: number): DirectoryPlace {
  const missing = () => invalidZip(file.path, 'its zip64 directory is not where it says');
  if (end < LOCATOR64_BYTES) throw missing();
  const locator = Buffer.from(file.read(end - LOCATOR64_BYTES, LOCATOR64_BYTES).buffer);
  const at = Number(locator.readBigUInt64LE(8));
  if (locator.readUInt32LE(0) !== LOCATOR64_SIGNATURE || at + END64_BYTES > end) throw missing();
  const record = Buffer.from(file.read(at, END64_BYTES).buffer);
  if (record.readUInt32LE(0) !== END64_SIGNATURE) throw missing();
  const [count, size, start] = [32, 40, 48].map((offset) => Number(record.readBigUInt64LE(offset))) as [
    number,
    number,
    number,
  ];
  return { start, size, count, end: at };
}

function parseRecord(bytes: Buffer, file: string): ZipRecord {
  const nameEnd = CENTRAL_BYTES + bytes.readUInt16LE(28);
  const narrow = [bytes.readUInt32LE(24), bytes.readUInt32LE(20), bytes.readUInt32LE(42)] as const;
  const wide = readWide(bytes.subarray(nameEnd, nameEnd + bytes.readUInt16LE(30)));
  const [size, compressedSize, headerStart] = narrow.map((value) => {
    if (value !== MAX32) return value;
    const next = wide.shift();
    if (next === undefined) throw invalidZip(file, 'an entry lacks its zip64 sizes');
    return next;
  }) as [number, number, number];
  return {
    name: bytes.subarray(CENTRAL_BYTES, nameEnd).toString('utf8'),
    flags: bytes.readUInt16LE(8),
    method: bytes.readUInt16LE(10),
    crc: bytes.readUInt32LE(16),
    compressedSize,
    size,
    headerStart,
  };
}

/** Numbers of the zip64 field, in the order of the header's fields that are full. */
function readWide(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== ZIP64_FIELD) continue;
    const field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    return Array.from({ length: Math.floor(field.length / 8) }, (_, i) =>
      Number(field.readBigUInt64LE(8 * i)),
    );
  }
  return [];
}
