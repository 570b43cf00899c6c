// Softmax cross-entropy with its gradient in closed form: (softmax - one-hot) / N. Max-shifted.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';

export const softmaxCrossEntropy: EngineOps['softmaxCrossEntropy'] = (logits, labels) => {
  const [n, classes] = logits.shape;
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const x = args[0] as tf.Tensor2D;
    const shifted = tf.sub(x, tf.max(x, 1, true));
    const exponentials = tf.exp(shifted);
    const total = tf.sum(exponentials, 1, true); // [N, 1]
    const target = tf.cast(tf.oneHot(labels, classes), 'float32'); // [N, M]
    const picked = tf.sum(tf.mul(shifted, target), 1); // [N]
    const value = tf.mean(tf.sub(tf.log(tf.reshape(total, [n])), picked));
    save([tf.div(exponentials, total), target]);
    const gradFunc = (dy: tf.Tensor, [probabilities, saved]: tf.Tensor[]) =>
      tf.mul(tf.sub(probabilities!, saved!), tf.div(dy, n));
    return { value, gradFunc };
  });
  return op(logits) as tf.Scalar;
};
