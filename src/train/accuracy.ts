// Top-k accuracy from logits in host memory: a label is in the top k when fewer than k logits are larger.

/** Percent of the N rows whose label is among the k largest of M logits, for each k. */
export function computeAccuracy(
  logits: Float32Array | Float64Array,
  labels: ArrayLike<number>,
  { ks, classes }: { readonly ks: readonly number[]; readonly classes: number },
): number[] {
  const ranks = Array.from(labels, (label, row) => rankOf(logits, row * classes, label, classes));
  return computeAccuracyOfRanks(ranks, ks);
}

/** The same from ranks: how many logits are larger than the label's, for each row. */
export function computeAccuracyOfRanks(ranks: ArrayLike<number>, ks: readonly number[]): number[] {
  return ks.map((k) => (100 * Array.from(ranks).filter((rank) => rank < k).length) / ranks.length);
}

/** How many logits of a row are larger than the label's; of equal ones the first wins. NaN never wins. */
function rankOf(logits: Float32Array | Float64Array, from: number, label: number, classes: number): number {
  const own = logits[from + label]!;
  if (Number.isNaN(own)) return classes;
  let rank = 0;
  for (let i = 0; i < classes; i++) {
    const other = logits[from + i]!;
    if (other > own || (other === own && i < label)) rank++;
  }
  return rank;
}
