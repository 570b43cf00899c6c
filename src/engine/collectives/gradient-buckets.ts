// Gradients of all ranks become their mean while the backward pass still computes the rest: they are summed in
// buckets from the last parameter to the first, the order in which a backward pass comes to them. Which bucket a
// gradient is in depends on the parameters alone, so that the bits don't depend on time. After PyTorch's
// DistributedDataParallel (Li et al. 2020, arXiv:2006.15704, §3.2.3).

import type { Engine } from '../engine.ts';
import type { Scalar, Tensor, Variable } from '../tf.ts';
import * as tf from '../tf.ts';
import type { Collectives } from './collectives.ts';

/** PyTorch's bucket_cap_mb and first bucket. */
const BUCKET_BYTES = 25 * 2 ** 20;
const FIRST_BUCKET_BYTES = 2 ** 20;

interface Ranks {
  readonly engine: Engine;
  readonly collectives: Collectives;
}

/**
 * The loss of this rank, and the mean over all ranks of its gradients with respect to `parameters`, in their
 * order and with the same bits on every rank. The caller disposes them.
 */
export async function computeMeanGradients(
  { engine, collectives }: Ranks,
  loss: () => Scalar,
  parameters: readonly Variable[],
): Promise<{ readonly loss: Scalar; readonly gradients: readonly Tensor[] }> {
  if (collectives.ranks === 1) return engine.ops.computeGradients(loss, parameters);
  const buckets = new GradientBuckets(collectives, parameters);
  const own = engine.ops.computeGradients(loss, parameters, (index, gradient) =>
    buckets.add(index, gradient),
  );
  try {
    return { loss: own.loss, gradients: await buckets.finish() };
  } catch (error) {
    own.loss.dispose();
    throw error;
  } finally {
    tf.dispose([...own.gradients]);
  }
}

/** Lists of parameters' places, from the last parameter to the first; each list is summed at once. */
export function planBuckets(sizesBytes: readonly number[]): number[][] {
  const buckets: number[][] = [];
  let [bucket, bytes]: [number[], number] = [[], 0];
  for (let i = sizesBytes.length - 1; i >= 0; i--) {
    bucket.push(i);
    bytes += sizesBytes[i]!;
    const isFull = bytes >= (buckets.length === 0 ? FIRST_BUCKET_BYTES : BUCKET_BYTES);
    if (isFull || i === 0) {
      buckets.push(bucket);
      [bucket, bytes] = [[], 0];
    }
  }
  return buckets;
}

class GradientBuckets {
  readonly #collectives: Collectives;
  readonly #buckets: readonly (readonly number[])[];
  readonly #come: (Tensor | undefined)[];
  readonly #sums: Promise<Tensor[]>[] = [];

  constructor(collectives: Collectives, parameters: readonly Variable[]) {
    this.#collectives = collectives;
    this.#buckets = planBuckets(parameters.map(({ size }) => size * Float32Array.BYTES_PER_ELEMENT));
    this.#come = parameters.map(() => undefined);
  }

  /** Takes a gradient, and starts every bucket that is full and next. */
  add(index: number, gradient: Tensor): void {
    this.#come[index] = gradient;
    for (;;) {
      const next = this.#buckets[this.#sums.length]?.map((i) => this.#come[i]);
      if (!next || next.includes(undefined)) return;
      const { ranks } = this.#collectives;
      const sum = this.#collectives.allReduceSum(next as Tensor[], 1 / ranks);
      sum.catch(() => {}); // Whoever finishes hears of it; nobody may, where the backward pass itself fails.
      this.#sums.push(sum);
    }
  }

  /** The means, in the order of the parameters. */
  async finish(): Promise<Tensor[]> {
    const means: Tensor[] = [];
    const sums = await Promise.all(this.#sums);
    for (const [n, bucket] of this.#buckets.entries())
      for (const [i, index] of bucket.entries()) means[index] = sums[n]![i]!;
    return means;
  }
}
