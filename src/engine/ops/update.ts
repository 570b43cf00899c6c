// Updates of variables in place, and the gradients they come from.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';

/** Reverse-mode gradients over the tape of tfjs. A parameter that the loss does not reach gets zeros. */
export const computeGradients: EngineOps['computeGradients'] = (loss, parameters) => {
  const byName = tf.variableGrads(loss, [...parameters]);
  return {
    loss: byName.value,
    gradients: parameters.map((parameter) => byName.grads[parameter.name] ?? tf.zerosLike(parameter)),
  };
};

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
