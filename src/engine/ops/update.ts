// Updates of variables: the optimiser's step, the momentum update, the queue's.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';

/** torch.optim.SGD without dampening or Nesterov; decay is added to the gradient, before the momentum. */
export const sgdStep: EngineOps['sgdStep'] = (parameters, gradients, velocities, options) => {
  const { lr, momentum, weightDecay } = options;
  parameters.forEach((parameter, i) => {
    tf.tidy(() => {
      const decayed =
        weightDecay === 0 ? gradients[i]! : tf.add(gradients[i]!, tf.mul(parameter, weightDecay));
      velocities[i]!.assign(tf.add(tf.mul(velocities[i]!, momentum), decayed));
      parameter.assign(tf.sub(parameter, tf.mul(velocities[i]!, lr)));
    });
  });
};

/** MoCo v1 §3.2 eq. 2 (arXiv:1911.05722). */
export const momentumUpdate: EngineOps['momentumUpdate'] = (keys, queries, keyMomentum) => {
  keys.forEach((key, i) => {
    tf.tidy(() => {
      key.assign(tf.add(tf.mul(key, keyMomentum), tf.mul(queries[i]!, 1 - keyMomentum)));
    });
  });
};

/** Of an update that needs the number itself. */
export function toNumber(value: number | tf.Scalar): number {
  return typeof value === 'number' ? value : value.dataSync()[0]!;
}

/** Copies the whole queue: tfjs has no writing in place. */
export const updateQueue: EngineOps['updateQueue'] = (queue, keys, at) => {
  const pointer = toNumber(at);
  const [c, size] = queue.shape as [number, number];
  const [n] = keys.shape;
  tf.tidy(() => {
    const before = tf.slice(queue as tf.Tensor, [0, 0], [c, pointer]);
    const after = tf.slice(queue as tf.Tensor, [0, pointer + n], [c, size - pointer - n]);
    queue.assign(tf.concat([before, tf.transpose(keys), after], 1)); // [C, K]
  });
};
