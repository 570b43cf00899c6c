// InfoNCE as MoCo computes it: a (K+1)-way classification of each query against its key and the queue.

import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';

/**
 * The loss of queries whose keys have to be told from the queue's, and how well they are told.
 *
 *     L = - log exp(q.k / T) / (exp(q.k / T) + sum_i exp(q.queue_i / T)), mean over the queries
 *
 * MoCo v1 §3.1 eq. 1 (arXiv:1911.05722).
 *
 * @param q      queries, unit length            [N, C]
 * @param k      keys, unit length, no gradient  [N, C]
 * @param queue  negatives, unit length          [C, K]
 * @param T      temperature, > 0 (v1 0.07, v2 0.2)
 * @returns the loss, differentiable in q; per query the number of negatives that beat its key [N]
 */
export function contrast(
  engine: Engine,
  {
    q,
    k,
    queue,
    T,
  }: { readonly q: tf.Tensor2D; readonly k: tf.Tensor2D; readonly queue: tf.Tensor2D; readonly T: number },
): { readonly loss: tf.Scalar; readonly rank: tf.Tensor1D } {
  return engine.ops.infoNce({ q, k, queue, temperature: T });
}

/** Rows of unit length; a row of zeros stays zero, as with F.normalize. [N, C] -> [N, C] */
export function normaliseRows(x: tf.Tensor2D): tf.Tensor2D {
  const squared = tf.sum(tf.square(x), 1, true); // [N, 1]
  return tf.div(x, tf.sqrt(tf.add(squared, 1e-24)));
}
