// The hash of a file of any size, a piece at a time.

import { createHash } from 'node:crypto';
import { openBytes } from './file-bytes.ts';

const PIECE_BYTES = 2 ** 20;

/** Hex digits. Throws TENSOR_FILE_MISSING. */
export function hashFile(file: string, algorithm: 'md5' | 'sha256'): string {
  const bytes = openBytes(file);
  try {
    const hash = createHash(algorithm);
    const piece = new Uint8Array(Math.min(PIECE_BYTES, bytes.size));
    for (let at = 0; at < bytes.size; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, bytes.size - at));
      bytes.readInto(part, at);
      hash.update(part);
    }
    return hash.digest('hex');
  } finally {
    bytes.close();
  }
}
