// A file that is read at any place, a piece at a time: the one way in which tensor files are read, so
// that a checkpoint of gigabytes costs no more memory than what is asked of it.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Problem, ProblemError } from '../core/problem.ts';

/** An open file. Whoever opened it closes it. */
export interface FileBytes {
  readonly path: string;
  readonly size: number;
  /** Exactly so many bytes, in memory of their own. The caller knows that the file has them. */
  read(position: number, length: number): Uint8Array<ArrayBuffer>;
  /** The same, into memory that is there. */
  readInto(target: Uint8Array, position: number): void;
  close(): void;
}

/** Opens a file. Throws TENSOR_FILE_MISSING. */
export function openBytes(file: string): FileBytes {
  const descriptor = openFile(file);
  const readInto = (target: Uint8Array, position: number) => {
    let done = 0;
    while (done < target.length) {
      const count = readSync(descriptor, target, done, target.length - done, position + done);
      if (count === 0)
        throw new Error(`${file} became shorter while it was read (at byte ${position + done}).`);
      done += count;
    }
  };
  return {
    path: file,
    size: fstatSync(descriptor).size,
    readInto,
    read: (position, length) => {
      // Not filled with zeros first: every byte is read over.
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer);
      readInto(bytes, position);
      return bytes;
    },
    close: () => closeSync(descriptor),
  };
}

function openFile(file: string): number {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw new ProblemError(reportMissing(file, 'there is none'));
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new ProblemError(reportMissing(file, 'that is no file'));
}

function reportMissing(file: string, fact: string): Problem {
  return {
    code: 'TENSOR_FILE_MISSING',
    message: `Expected a file of tensors at ${file} but ${fact}.`,
    hint: 'Check the path; relative ones count from the folder in which the command was started.',
  };
}

/** What to do about a file that is not as it was written. */
export const DAMAGED_HINT = 'The file is damaged or of another format. Make it again, or give another one.';

/** A problem with a file that ends too early. */
export function truncated(file: string, expected: string, received: string): ProblemError {
  const message = `Expected ${file} to hold ${expected} but it ends after ${received}.`;
  return new ProblemError({ code: 'TENSOR_FILE_TRUNCATED', message, hint: DAMAGED_HINT });
}
