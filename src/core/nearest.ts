// The word that was probably meant.

import { closest, distance } from 'fastest-levenshtein';

/** The candidate nearest by edit distance, if it is near enough to be a slip of the keyboard. */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const nearest = closest(word, candidates);
  return distance(word.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, word.length / 3)
    ? nearest
    : undefined;
}
