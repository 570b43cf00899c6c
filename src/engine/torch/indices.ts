// Tensors of places: the last axis counts the axes of the tensor that they lie in.

import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { TorchBackend } from './backend.ts';
import type { Handle } from './bindings/handle.ts';
import { expectTensor, expectWhole } from './checks.ts';

/** Runs `use` on the places as rows [N, rank]. */
export function withRows(
  backend: TorchBackend,
  indices: TensorInfo,
  rank: number,
  use: (rows: Handle) => Handle,
): Handle {
  const count = util.sizeFromShape(indices.shape) / rank;
  const rows = backend.addon.Reshape(backend.handleOf(indices), [count, rank]);
  try {
    return use(rows);
  } finally {
    backend.addon.drop(rows);
  }
}

/** Throws unless there is an update for each place of `indices` in a tensor of this shape. */
export function expectUpdates(indices: TensorInfo, updates: TensorInfo, shape: readonly number[]): void {
  const [places, rank] =
    indices.shape.length > 1 ? [indices.shape.slice(0, -1), indices.shape.at(-1)!] : [indices.shape, 1];
  expectWhole('the last axis of indices', rank, 1, shape.length);
  expectTensor('updates', updates, [...places, ...shape.slice(rank)], [updates.dtype]);
}
