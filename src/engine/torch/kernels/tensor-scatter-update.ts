import { scatter_util } from '@tensorflow/tfjs-core';
import { expectOneType } from '../checks.ts';
import { expectUpdates, withRows } from '../indices.ts';
import type { TorchKernel } from '../kernel.ts';

/** A copy with the updates at their places. */
export const tensorScatterUpdate: TorchKernel = {
  kernelName: 'TensorScatterUpdate',
  run: ({ inputs, backend }) => {
    const [x, indices, updates] = [inputs.tensor!, inputs.indices!, inputs.updates!];
    expectOneType([x, updates]);
    expectUpdates(indices, updates, x.shape);
    const { sliceRank, sliceSize } = scatter_util.calculateShapes(
      updates as never,
      indices as never,
      x.shape,
    );
    const sizes = x.shape.slice(0, sliceRank);
    const handle = withRows(backend, indices, sliceRank, (rows) =>
      backend.addon.TensorScatterUpdate(
        backend.handleOf(x),
        rows,
        backend.handleOf(updates),
        sizes,
        sliceSize,
      ),
    );
    return backend.adopt(handle, x.shape, x.dtype);
  },
};
