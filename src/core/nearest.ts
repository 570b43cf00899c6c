// The word that was probably meant.

import { closest, distance } from 'fastest-levenshtein';

/** The candidate nearest by edit distance, if it is near enough to be a slip of the keyboard. */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  // So much longer than all, it is near none: no text of a megabyte is compared letter by letter.
  const longest = candidates.reduce((most, { length }) => Math.max(most, length), 0);
  if (candidates.length === 0 || word.length - longest > farthest(word)) return undefined;
  const nearest = closest(word, candidates);
  return distance(word.toLowerCase(), nearest.toLowerCase()) <= farthest(word) ? nearest : undefined;
}

function farthest({ length }: string): number {
  return Math.max(2, length / 3);
}
