// Tensors of places: the last axis counts the axes of the tensor that they lie in.

import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { TorchBackend } from './backend.ts';
import type { Handle } from './binding.ts';

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
