// Draws the values that an encoder starts from. Each tensor has a random stream of its own, by its
// name, so that a backbone starts the same whatever head is on it.

import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import { type Rng, stream } from '../core/rng.ts';
import type { StartValue, StateEntry } from './parameter-list.ts';

/** Start values of all tensors, in PyTorch's layout. */
export function drawStartValues(entries: readonly StateEntry[], seed: number): TensorMap {
  return new Map(entries.map((entry) => [entry.name, drawStartValue(entry, seed)]));
}

/** Start values of one tensor, in PyTorch's layout. */
export function drawStartValue({ name, role, torchShape, start }: StateEntry, seed: number): HostTensor {
  if (role === 'counter') return { dtype: 'int64', shape: [], values: BigInt64Array.of(0n) };
  const rng = stream(seed, 'start-values', name);
  const length = torchShape.reduce((product, size) => product * size, 1);
  return {
    dtype: 'float32',
    shape: torchShape,
    values: Float32Array.from({ length }, () => draw(start, rng)),
  };
}

function draw(start: StartValue, rng: Rng): number {
  switch (start.law) {
    case 'constant':
      return start.value;
    case 'normal':
      return start.std * rng.normal();
    case 'uniform':
      return start.bound * (2 * rng.uniform() - 1);
  }
}
