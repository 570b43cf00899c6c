// A checksum over a whole zip archive, kept in its comment, which PyTorch and everybody else passes over:
// CRC-32 covers the entries' bytes, and neither headers, names, directory nor the sizes in them.

import { createHash, type Hash } from 'node:crypto';
import { type FileBytes, openBytes } from './file-bytes.ts';

const LABEL = 'mocolab sha256 ';
/** Length of the comment. */
export const SEAL_BYTES = LABEL.length + 64;

const PIECE_BYTES = 2 ** 20;

/** `broken`: the bytes are not those that were sealed. `unsealed`: there is no seal, or nothing left of it. */
export type SealState = 'sound' | 'broken' | 'unsealed';

/** Passes an archive's bytes on and puts the seal behind them. The archive must have room for a comment of SEAL_BYTES. */
export function* seal(parts: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(part);
    yield part;
  }
  yield renderSeal(hash);
}

/** Reads the whole file. Throws TENSOR_FILE_MISSING. */
export function checkSeal(file: string): SealState {
  const bytes = openBytes(file);
  try {
    return compareSeal(bytes);
  } finally {
    bytes.close();
  }
}

function compareSeal(file: FileBytes): SealState {
  const end = file.size - SEAL_BYTES;
  if (end < 0) return 'unsealed';
  const found = Buffer.from(file.read(end, SEAL_BYTES).buffer);
  if (!found.subarray(0, LABEL.length).equals(Buffer.from(LABEL))) return 'unsealed';
  const hash = createHash('sha256');
  const piece = new Uint8Array(Math.min(PIECE_BYTES, end));
  for (let at = 0; at < end; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, end - at));
    file.readInto(part, at);
    hash.update(part);
  }
  return found.equals(renderSeal(hash)) ? 'sound' : 'broken';
}

function renderSeal(hash: Hash): Buffer {
  return Buffer.from(LABEL + hash.digest('hex'));
}
