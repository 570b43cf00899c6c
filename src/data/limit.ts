// `limit:` takes a class-balanced subset: as many images of each class, drawn by a seed of its own, so
// that every method and trial sees the same ones.

import { ProblemError } from '../core/problem.ts';
import { permutation, stream } from '../core/rng.ts';

/**
 * Picks indices for `count` images, in ascending order. Classes that the count does not divide evenly
 * among give one more, the first ones.
 */
export function pickBalanced(
  labels: Int32Array,
  { count, classes, seed }: { readonly count: number; readonly classes: number; readonly seed: number },
): Int32Array {
  const byClass: number[][] = Array.from({ length: classes }, () => []);
  labels.forEach((label, index) => {
    byClass[label]!.push(index);
  });
  const picked = byClass.flatMap((members, label) => {
    const wanted = Math.floor(count / classes) + (label < count % classes ? 1 : 0);
    if (wanted > members.length)
      throw new ProblemError(reportTooMany(count, { wanted, label, has: members.length }));
    const order = permutation(stream(seed, 'limit', label), members.length);
    return Array.from(order.subarray(0, wanted), (i) => members[i]!);
  });
  return Int32Array.from(picked).sort();
}

function reportTooMany(
  count: number,
  { wanted, label, has }: { wanted: number; label: number; has: number },
) {
  return {
    code: 'DATA_LIMIT_TOO_LARGE',
    message: `Expected at least ${wanted} images in every class for a limit of ${count} but class ${label} has ${has}.`,
    hint: 'Lower data.limit, or leave it out to use every image.',
  };
}
