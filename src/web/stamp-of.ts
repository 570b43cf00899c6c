// Whether a file has changed, without reading it.

import { statSync } from 'node:fs';

/** Differs wherever a file's content does; empty where there is no file. */
export function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.ino}-${found.size}-${found.mtimeMs}` : '';
}
