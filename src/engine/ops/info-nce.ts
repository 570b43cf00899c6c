// InfoNCE made of tfjs ops: the (K+1)-way classification, its matrix of logits written out.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import { linear } from './conv.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';

export const infoNce: EngineOps['infoNce'] = ({ q, k, queue, temperature }) => {
  const positive = tf.sum(tf.mul(q, k), 1, true); // [N, 1]
  const negatives = linear(q, queue); // [N, K]
  const logits = tf.div(tf.concat([positive, negatives], 1), temperature) as tf.Tensor2D; // [N, 1+K]
  const labels = tf.zeros([q.shape[0]], 'int32') as tf.Tensor1D; // positives are in column 0
  return { loss: softmaxCrossEntropy(logits, labels), rank: countLarger(logits) };
};

/** Per row, how many columns are larger than the first; all of them where that is NaN. [N, M] -> [N] */
export function countLarger(logits: tf.Tensor2D): tf.Tensor1D {
  const [n, classes] = logits.shape;
  const first = tf.slice(logits, [0, 0], [n, 1]); // [N, 1]
  const larger = tf.sum(tf.cast(tf.greater(logits, first), 'int32'), 1); // [N]
  const lost = tf.cast(tf.notEqual(first, first), 'int32'); // [N, 1]
  return tf.add(larger, tf.mul(tf.reshape(lost, [n]), tf.scalar(classes, 'int32')));
}
