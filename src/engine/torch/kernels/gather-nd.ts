import { gather_util } from '@tensorflow/tfjs-core';
import { withRows } from '../indices.ts';
import type { TorchKernel } from '../kernel.ts';

/** Slices at places; each row of `indices` is one. */
export const gatherNd: TorchKernel = {
  kernelName: 'GatherNd',
  run: ({ inputs, backend }) => {
    const [x, indices] = [inputs.params!, inputs.indices!];
    const [shape, , inner] = gather_util.prepareAndValidate(x as never, indices as never);
    const rank = indices.shape.at(-1)!;
    if (rank === 0) throw new Error('the rows of indices name no axis');
    const handle = withRows(backend, indices, rank, (rows) =>
      backend.addon.GatherNd(backend.handleOf(x), rows, x.shape.slice(0, rank), inner, shape),
    );
    return backend.adopt(handle, shape, x.dtype);
  },
};
