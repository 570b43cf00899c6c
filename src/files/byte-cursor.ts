// Reads a stretch of a file from front to back through a small window. Knows where it is, so that an
// error can say so, and never reads past its end.

import { type FileBytes, truncated } from './file-bytes.ts';

const WINDOW_BYTES = 65_536;

export class ByteCursor {
  readonly file: FileBytes;
  readonly #end: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart: number;
  #position: number;

  /** From `start` up to `end`, in bytes of the file. */
  constructor(file: FileBytes, start: number, end: number) {
    this.file = file;
    this.#position = start;
    this.#windowStart = start;
    this.#end = end;
  }

  /** In bytes of the file. */
  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  /** The next bytes. They stay valid until the next call. */
  take(length: number): Buffer {
    this.#require(length);
    if (length > WINDOW_BYTES) {
      const bytes = Buffer.from(this.file.read(this.#position, length).buffer);
      this.#position += length;
      return bytes;
    }
    const from = this.#position - this.#windowStart;
    if (from + length > this.#window.length) return this.#refill(length);
    this.#position += length;
    return this.#window.subarray(from, from + length);
  }

  byte(): number {
    const from = this.#position - this.#windowStart;
    if (from >= this.#window.length) return this.take(1)[0]!;
    this.#position++;
    return this.#window[from]!;
  }

  /** Passes over bytes and returns where they began. */
  skip(length: number): number {
    this.#require(length);
    const start = this.#position;
    this.#position += length;
    return start;
  }

  #refill(length: number): Buffer {
    this.#windowStart = this.#position;
    const size = Math.min(WINDOW_BYTES, this.#end - this.#position);
    this.#window = Buffer.from(this.file.read(this.#position, size).buffer);
    this.#position += length;
    return this.#window.subarray(0, length);
  }

  #require(length: number): void {
    if (length <= this.remaining) return;
    throw truncated(this.file.path, `${length} bytes from byte ${this.#position} on`, `${this.remaining}`);
  }
}
