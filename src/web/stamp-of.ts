// Whether something has changed, without looking into it.

import { statSync } from 'node:fs';

/** Differs wherever a file's content does; empty where there is no file. */
export function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.ino}-${found.size}-${found.mtimeMs}` : '';
}

const numbers = new WeakMap<object, number>();
let count = 0;

/** Differs for every two objects, so it stands for what is kept as long as it is the same. */
export function numberOf(kept: object): number {
  const known = numbers.get(kept);
  if (known !== undefined) return known;
  numbers.set(kept, ++count);
  return count;
}
