// Updates in place: a variable's memory is overwritten where nothing else shows it (tfjs shares data between a
// tensor and its clones), else copied first. The loops behind walk all tensors side by side over raw memory, so
// shapes and types are checked here.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import type { TorchBackend } from './backend.ts';
import { expectRank, expectTensor, expectWhole } from './checks.ts';
import { named } from './kernel.ts';

export type Updates = Pick<EngineOps, 'sgdStep' | 'momentumUpdate' | 'updateQueue'>;

export function createUpdates(backend: TorchBackend): Updates {
  const { addon } = backend;
  const handles = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => backend.handleOf(tensor));
  return {
    sgdStep: (parameters, gradients, velocities, { lr, momentum, weightDecay }) =>
      named(
        backend,
        () => 'sgdStep',
        () => {
          expectAlike(parameters, { gradients, velocities });
          const [p, v] = [backend.ownHandles(parameters), backend.ownHandles(velocities)];
          withScalar('lr', lr, 'float32', (rate) =>
            addon.SgdStep(p, handles(gradients), v, backend.handleOf(rate), momentum, weightDecay),
          );
        },
      ),
    momentumUpdate: (keys, queries, keyMomentum) =>
      named(
        backend,
        () => 'momentumUpdate',
        () => {
          expectAlike(keys, { queries });
          addon.MomentumUpdate(backend.ownHandles(keys), handles(queries), keyMomentum);
        },
      ),
    updateQueue: (queue, keys, pointer) =>
      named(
        backend,
        () => 'updateQueue',
        () => {
          expectRank('queue', queue, 2);
          const [c, k] = queue.shape as [number, number];
          expectTensor('queue', queue);
          expectTensor('keys', keys, [keys.shape[0], c]);
          if (typeof pointer === 'number') expectWhole('pointer', pointer, 0, k - keys.shape[0]);
          const [own] = backend.ownHandles([queue]);
          withScalar('pointer', pointer, 'int32', (column) =>
            addon.QueueUpdate(own!, backend.handleOf(keys), backend.handleOf(column)),
          );
        },
      ),
  };
}

/** Lends a number as a tensor; a tensor is one already. */
function withScalar(
  name: string,
  value: number | tf.Scalar,
  dtype: 'float32' | 'int32',
  use: (scalar: tf.Tensor) => void,
): void {
  const scalar = typeof value === 'number' ? tf.scalar(value, dtype) : value;
  try {
    expectTensor(name, scalar, [], [dtype]);
    use(scalar);
  } finally {
    if (scalar !== value) scalar.dispose();
  }
}

/** Throws unless each of `others` has a float32 tensor of the same shape for each of `tensors`. */
function expectAlike(
  tensors: readonly tf.Tensor[],
  others: { readonly [name: string]: readonly tf.Tensor[] },
): void {
  tensors.forEach((tensor, i) => {
    expectTensor(`tensor ${i}`, tensor);
  });
  for (const [name, list] of Object.entries(others)) {
    if (list.length !== tensors.length)
      throw new Error(`there are ${tensors.length} tensors and ${list.length} ${name}`);
    list.forEach((each, i) => {
      expectTensor(`${name}[${i}]`, each, tensors[i]!.shape);
    });
  }
}
