// An entry of a zip archive whose CRC-32 is checked when its bytes are first used: on the way where all
// are read at once, in a pass of its own, a piece at a time, where only parts are.

import { crc32 } from 'node:zlib';
import { ProblemError } from '../../core/problem.ts';
import { DAMAGED_HINT, type FileBytes } from '../file-bytes.ts';
import { show } from '../zip/zip-problems.ts';
import type { ZipEntry } from '../zip/zip-reader.ts';

const PIECE_BYTES = 2 ** 20;

export class CheckedRecord {
  readonly size: number;
  readonly #file: FileBytes;
  readonly #entry: ZipEntry;
  #checked: boolean;

  constructor(file: FileBytes, entry: ZipEntry) {
    this.#file = file;
    this.#entry = entry;
    this.size = entry.size;
    this.#checked = entry.crc === 0; // PyTorch writes 0 where it was told to compute none.
  }

  /** Bytes of the entry. Throws ZIP_CRC_WRONG. */
  read(start: number, length: number): Uint8Array<ArrayBuffer> {
    if (length !== this.size) this.check();
    const bytes = this.#file.read(this.#entry.start + start, length);
    if (!this.#checked) this.#compare(crc32(bytes));
    return bytes;
  }

  /** Checks the whole entry. Throws ZIP_CRC_WRONG. */
  check(): void {
    if (this.#checked) return;
    const piece = new Uint8Array(Math.min(PIECE_BYTES, this.size));
    let crc = 0;
    for (let at = 0; at < this.size; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, this.size - at));
      this.#file.readInto(part, this.#entry.start + at);
      crc = crc32(part, crc);
    }
    this.#compare(crc);
  }

  #compare(crc: number): void {
    const { name, crc: expected } = this.#entry;
    if (crc !== expected) throw wrongCrc(this.#file.path, name, { expected, crc });
    this.#checked = true;
  }
}

function wrongCrc(
  file: string,
  name: string,
  { expected, crc }: { expected: number; crc: number },
): ProblemError {
  const hex = (value: number) => value.toString(16).padStart(8, '0');
  return new ProblemError({
    code: 'ZIP_CRC_WRONG',
    message: `Expected entry ${show(name)} of ${file} to have the checksum ${hex(expected)} but it is ${hex(crc)}.`,
    hint: DAMAGED_HINT,
  });
}
