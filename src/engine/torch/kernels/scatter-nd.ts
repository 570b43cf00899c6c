import { scatter_util } from '@tensorflow/tfjs-core';
import { expectUpdates, withRows } from '../indices.ts';
import type { TorchKernel } from '../kernel.ts';

/** Zeros, and the updates added at their places. */
export const scatterNd: TorchKernel = {
  kernelName: 'ScatterNd',
  run: ({ inputs, attrs, backend }) => {
    const [indices, updates] = [inputs.indices!, inputs.updates!];
    const { shape } = attrs as { shape: number[] };
    expectUpdates(indices, updates, shape);
    const { sliceRank, sliceSize } = scatter_util.calculateShapes(updates as never, indices as never, shape);
    const sizes = shape.slice(0, sliceRank);
    const handle = withRows(backend, indices, sliceRank, (rows) =>
      backend.addon.ScatterNd(rows, backend.handleOf(updates), sizes, sliceSize, shape),
    );
    return backend.adopt(handle, shape, updates.dtype);
  },
};
