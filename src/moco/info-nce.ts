// InfoNCE as MoCo computes it: a (K+1)-way classification of each query against its key and the queue.

import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';

/**
 * InfoNCE logits: per query, one positive and then K queued negatives.
 *
 * MoCo v1 §3.1 eq. 1 (arXiv:1911.05722).
 *
 * @param q      queries, unit length            [N, C]
 * @param k      keys, unit length, no gradient  [N, C]
 * @param queue  negatives, unit length          [C, K]
 * @param T      temperature, > 0 (v1 0.07, v2 0.2)
 * @returns logits, the positive in column 0     [N, 1+K]
 */
export function computeLogits(
  engine: Engine,
  {
    q,
    k,
    queue,
    T,
  }: { readonly q: tf.Tensor2D; readonly k: tf.Tensor2D; readonly queue: tf.Tensor2D; readonly T: number },
): tf.Tensor2D {
  const positive = tf.sum(tf.mul(q, k), 1, true); // [N, 1]
  const negatives = engine.ops.linear(q, queue); // [N, K]
  return tf.div(tf.concat([positive, negatives], 1), T); // [N, 1+K]
}

/** Rows of unit length; a row of zeros stays zero, as with F.normalize. [N, C] -> [N, C] */
export function normaliseRows(x: tf.Tensor2D): tf.Tensor2D {
  const squared = tf.sum(tf.square(x), 1, true); // [N, 1]
  return tf.div(x, tf.sqrt(tf.add(squared, 1e-24)));
}
