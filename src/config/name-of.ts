import path from 'node:path';
import type { Json } from '../core/hash.ts';

/** A document's own name, else its file's without the ending. */
export function nameOf(name: Json | undefined, file: string): string {
  return typeof name === 'string' ? name : path.basename(file).replace(/\.ya?ml$/i, '');
}
