// torch.optim.SGD with momentum and weight decay: a velocity for each parameter, from zero. The first
// step's velocity is the gradient, as in PyTorch, because momentum times zero is zero.

import type { OptimizerConfig } from '../config/schema/recipe.generated.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';

/** An optimiser over a fixed list of parameters. */
export interface Sgd {
  /** In the parameters' order. */
  readonly velocities: readonly tf.Variable[];
  /** Updates parameters and velocities in place. */
  step(gradients: readonly tf.Tensor[], lr: number | tf.Scalar): void;
  dispose(): void;
}

export function createSgd(engine: Engine, parameters: readonly tf.Variable[], config: OptimizerConfig): Sgd {
  const { momentum, weightDecay } = config;
  const velocities = parameters.map((parameter) =>
    tf.tidy(() => tf.variable(tf.zerosLike(parameter as tf.Tensor), false)),
  );
  return {
    velocities,
    step: (gradients, lr) =>
      engine.ops.sgdStep(parameters, gradients, velocities, { lr, momentum, weightDecay }),
    dispose: () => tf.dispose([...velocities]),
  };
}
