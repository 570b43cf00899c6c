// Updates of variables by TensorFlow's optimiser ops, which write in place. They want resource variables; tfjs's
// are plain tensors. So each of ours lends its memory: a resource takes the tensor over (no copy, because nobody
// else shows it then), the op writes, and the variable shows the resource's tensor again.

import * as tf from '@tensorflow/tfjs-core';
import { compositeOps } from '../composite-ops.ts';
import type { EngineOps } from '../engine.ts';
import { createAttributes, type NodeBackend } from './native.ts';

type Updates = Pick<EngineOps, 'sgdStep' | 'momentumUpdate'>;

export function createUpdates(backend: NodeBackend): Updates {
  const lender = createLender(backend);
  const attributes = createAttributes(backend.binding);
  const float32 = attributes.float32();
  const run = (name: string, inputs: readonly number[]) =>
    void backend.binding.executeOp(name, [float32], inputs, 0);
  const idOf = (tensor: tf.Tensor) => backend.getInputTensorIds([tensor])[0]!;
  return {
    sgdStep: (parameters, gradients, velocities, options) => {
      const { lr, momentum, weightDecay } = options;
      if (![...parameters, ...velocities].every(lender.isUnshared))
        return compositeOps.sgdStep(parameters, gradients, velocities, options);
      tf.tidy(() => {
        const rate = typeof lr === 'number' ? tf.scalar(lr) : lr;
        const scalars = [rate, tf.scalar(momentum)].map(idOf) as [number, number];
        const decay = tf.scalar(weightDecay);
        parameters.forEach((parameter, i) => {
          tf.tidy(() => {
            const gradient =
              weightDecay === 0 ? gradients[i]! : tf.add(gradients[i]!, tf.mul(parameter, decay));
            const id = idOf(gradient);
            // accumulator = momentum accumulator + gradient; variable -= lr accumulator: PyTorch's order.
            lender.lend([parameter, velocities[i]!], ([p, v]) =>
              run('ResourceApplyMomentum', [p!, v!, scalars[0], id, scalars[1]]),
            );
          });
        });
      });
    },
    momentumUpdate: (keys, queries, keyMomentum) => {
      if (!keys.every(lender.isUnshared)) return compositeOps.momentumUpdate(keys, queries, keyMomentum);
      tf.tidy(() => {
        const share = idOf(tf.scalar(1 - keyMomentum));
        keys.forEach((key, i) => {
          tf.tidy(() => {
            // key -= (1 - m) (key - query)
            const difference = idOf(tf.sub(key, queries[i]!));
            lender.lend([key], ([k]) => run('ResourceApplyGradientDescent', [k!, share, difference]));
          });
        });
      });
    },
  };
}

/** Lends variables to ops as resources. There is one resource a shape-independent slot, reused by all. */
function createLender({ binding, tensorMap }: NodeBackend) {
  const attributes = createAttributes(binding);
  const dtype = attributes.float32('dtype');
  const slots: number[] = [];
  const slot = (i: number) => {
    slots[i] ??= binding.executeOp(
      'VarHandleOp',
      [dtype, attributes.shape('shape', []), attributes.text('shared_name', `mocolab ${i}`)],
      [],
      1,
    )[0]!.id;
    return slots[i];
  };
  return {
    isUnshared: (variable: tf.Variable) => {
      const { values, refCount } = tensorMap.get(variable.dataId);
      return values == null && refCount === 1;
    },
    lend(variables: readonly tf.Variable[], use: (resources: readonly number[]) => void): void {
      const stored = variables.map(({ dataId }) => tensorMap.get(dataId));
      const resources = variables.map((_, i) => slot(i));
      stored.forEach((each, i) => {
        binding.executeOp('AssignVariableOp', [dtype], [resources[i]!, each.id], 0);
        binding.deleteTensor(each.id);
      });
      use(resources);
      stored.forEach((each, i) => {
        each.id = binding.executeOp('ReadVariableOp', [dtype], [resources[i]!], 1)[0]!.id;
        // Lets go of the memory, which is the variable's alone again.
        binding.executeOp('DestroyResourceOp', [], [resources[i]!], 0);
      });
    },
  };
}
