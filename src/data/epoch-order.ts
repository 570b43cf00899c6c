// The order in which an epoch visits a split: a permutation of its own for each epoch, from the seed.

import { permutation, stream } from '../core/rng.ts';

/** Indices of `count` images in the order of a 0-based epoch. */
export function drawEpochOrder(
  count: number,
  { shuffle, seed, epoch }: { readonly shuffle: boolean; readonly seed: number; readonly epoch: number },
): Int32Array {
  if (shuffle) return permutation(stream(seed, 'order', epoch), count);
  return Int32Array.from({ length: count }, (_, i) => i);
}
