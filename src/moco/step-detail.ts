// What is told of a step: its measure, and what a comparison with another program looks at.

import type * as tf from '../engine/tf.ts';
import { computeAccuracyOfRanks } from '../train/accuracy.ts';
import type { StepMeasure } from '../train/meter.ts';

/**
 * Waits for the values.
 *
 * @param ranks per query how many negatives beat its key [n]
 */
export async function readMeasure(loss: tf.Scalar, ranks: tf.Tensor1D): Promise<StepMeasure> {
  const [[lossValue], rank] = await Promise.all([loss.data(), ranks.data()]);
  const [acc1, acc5] = computeAccuracyOfRanks(rank, [1, 5]);
  return { loss: lossValue!, acc1: acc1!, acc5: acc5! };
}

export interface StepDetail {
  /** Euclidean norm of all gradients together. */
  readonly gradientNorm: number;
  /** Per query of this rank, q.k / T for its own key. [n] */
  readonly positiveLogits: readonly number[];
}

/**
 * @param q queries of this rank [n, C]
 * @param k their keys           [n, C]
 */
export async function computeDetail(
  gradients: readonly tf.Tensor[],
  { q, k, T }: { readonly q: tf.Tensor2D; readonly k: tf.Tensor2D; readonly T: number },
): Promise<StepDetail> {
  return { gradientNorm: await computeNorm(gradients), positiveLogits: await computePositives(q, k, T) };
}

async function computeNorm(tensors: readonly tf.Tensor[]): Promise<number> {
  let squared = 0;
  for (const tensor of tensors) for (const value of await tensor.data()) squared += value * value;
  return Math.sqrt(squared);
}

/** q.k / T, row by row. [N, C], [N, C] -> [N] */
async function computePositives(q: tf.Tensor2D, k: tf.Tensor2D, T: number): Promise<number[]> {
  const [n, c] = q.shape;
  const [queries, keys] = [await q.data(), await k.data()];
  return Array.from({ length: n }, (_, row) => {
    let product = 0;
    for (let i = row * c; i < (row + 1) * c; i++) product += queries[i]! * keys[i]!;
    return product / T;
  });
}
