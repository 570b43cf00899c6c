// The optimiser step and the momentum update as one pass over each parameter. New values go to new
// memory and the variable is pointed there: XNNPACK keeps packed filters by data id, so a filter
// must never change under its id.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import { toNumber } from '../ops/update.ts';
import type { ArrayKernelCall, ArrayKernels } from './array-kernel.ts';

const SGD = 'MocolabSgd';
const LERP = 'MocolabMomentumUpdate';

export const updateKernels: ArrayKernels = { [SGD]: sgd, [LERP]: lerp };

export const arraySgdStep: EngineOps['sgdStep'] = (parameters, gradients, velocities, options) => {
  const attrs = { ...options, lr: toNumber(options.lr) };
  parameters.forEach((parameter, i) => {
    const inputs = { parameter, gradient: gradients[i]!, velocity: velocities[i]! };
    const [updated, velocity] = tf.engine().runKernel(SGD, inputs, attrs) as unknown as tf.Tensor[];
    parameter.assign(updated!);
    velocities[i]!.assign(velocity!);
    tf.dispose([updated!, velocity!]);
  });
};

export const arrayMomentumUpdate: EngineOps['momentumUpdate'] = (keys, queries, keyMomentum) => {
  keys.forEach((key, i) => {
    const updated = tf.engine().runKernel(LERP, { key, query: queries[i]! }, { keyMomentum }) as tf.Tensor;
    key.assign(updated);
    updated.dispose();
  });
};

function sgd({ inputs, attrs, arrays }: ArrayKernelCall): tf.TensorInfo[] {
  const { lr, momentum, weightDecay } = attrs as { lr: number; momentum: number; weightDecay: number };
  const { shape } = inputs.parameter!;
  const out = [arrays.allocate(shape), arrays.allocate(shape)];
  const [p, g, v] = [inputs.parameter!, inputs.gradient!, inputs.velocity!].map((t) =>
    arrays.view(t),
  ) as Float32Array[];
  const [updated, velocity] = out.map((tensor) => arrays.view(tensor)) as [Float32Array, Float32Array];
  for (let i = 0; i < updated.length; i++) {
    const speed = momentum * v![i]! + (g![i]! + weightDecay * p![i]!);
    velocity[i] = speed;
    updated[i] = p![i]! - lr * speed;
  }
  return out;
}

function lerp({ inputs, attrs, arrays }: ArrayKernelCall): tf.TensorInfo {
  const { keyMomentum } = attrs as { keyMomentum: number };
  const out = arrays.allocate(inputs.key!.shape);
  const key = arrays.view(inputs.key!);
  const query = arrays.view(inputs.query!);
  const updated = arrays.view(out);
  for (let i = 0; i < updated.length; i++) updated[i] = keyMomentum * key[i]! + (1 - keyMomentum) * query[i]!;
  return out;
}
