// ShuffleBN: keys pass the encoder in another order than queries, so that the batch statistics a
// query shares with its key can't give the answer away. MoCo v1 §3.3 (arXiv:1911.05722).
// On one device it matters with `bn: split N`, where the order decides who shares statistics.

import type { Collectives } from '../engine/collectives/collectives.ts';
import * as tf from '../engine/tf.ts';

/** A permutation of 0..N-1 and its inverse, as int32 tensors [N]. */
export interface Shuffle {
  readonly order: tf.Tensor1D;
  readonly inverse: tf.Tensor1D;
}

/**
 * Runs `encode` on the images in the order of the shuffle and puts its rows back in place.
 *
 * @param images [N, S, S, 3]
 * @returns [N, C]
 */
export function encodeShuffled(
  images: tf.Tensor4D,
  { order, inverse }: Shuffle,
  encode: (shuffled: tf.Tensor4D) => tf.Tensor2D,
): tf.Tensor2D {
  return tf.gather(encode(tf.gather(images, order)), inverse);
}

/**
 * The same over all ranks. The paper's code gathers the images and gives each rank its part of the shuffled
 * batch; here each rank has loaded that part, and only features travel. Same numbers.
 *
 * @param features of this rank's part of the shuffled batch [N / ranks, C]
 * @param order    the permutation of 0..N-1, the same on every rank; absent: nothing was shuffled
 * @returns the features of the whole batch, rank 0's images first [N, C]
 */
export async function gatherUnshuffled(
  collectives: Collectives,
  features: tf.Tensor2D,
  order: Int32Array | undefined,
): Promise<tf.Tensor2D> {
  const gathered = (await collectives.allGather(features)) as tf.Tensor2D; // [N, C]
  if (!order) return gathered;
  const inPlace = tf.tidy(() => tf.gather(gathered, tf.tensor1d(invert(order), 'int32')));
  gathered.dispose();
  return inPlace;
}

/** A permutation's inverse. */
export function invert(order: Int32Array): Int32Array {
  const inverse = new Int32Array(order.length);
  order.forEach((from, to) => {
    inverse[from] = to;
  });
  return inverse;
}
