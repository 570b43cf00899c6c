// What can be wrong with a zip archive.

import { ProblemError } from '../../core/problem.ts';
import { DAMAGED_HINT } from '../file-bytes.ts';

/** A problem with an archive; `fact` completes "but ...". */
export function invalidZip(file: string, fact: string): ProblemError {
  const message = `Expected ${file} to be a sound zip archive, as torch.save writes, but ${fact}.`;
  return new ProblemError({ code: 'ZIP_INVALID', message, hint: DAMAGED_HINT });
}

/** Only stored entries can be read at any place. */
export function compressed(file: string, name: string): ProblemError {
  return new ProblemError({
    code: 'ZIP_COMPRESSED',
    message: `Expected the entries of ${file} to be stored as they are but ${show(name)} is compressed.`,
    hint: 'torch.save never compresses: another program packed this. Unpack it and pack it again with `zip -0`.',
  });
}

/** Names come from the file: short ones, without control characters. */
export function show(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}
