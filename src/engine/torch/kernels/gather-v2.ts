import { util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** Indices of one axis; ATen refuses those that are out of range. */
export const gatherV2: TorchKernel = {
  kernelName: 'GatherV2',
  run: ({ inputs, attrs, backend }) => {
    const { x, indices } = inputs as {
      x: import('@tensorflow/tfjs-core').TensorInfo;
      indices: import('@tensorflow/tfjs-core').TensorInfo;
    };
    const { axis, batchDims } = attrs as { axis: number; batchDims: number };
    if (batchDims !== 0 || indices.shape.length !== 1)
      throw new Error('only one axis of indices, without batch axes');
    const along = util.parseAxisParam(axis, x.shape)[0]!;
    const shape = x.shape.map((size, i) => (i === along ? indices.shape[0]! : size));
    const handle = backend.addon.GatherV2(backend.handleOf(x), backend.handleOf(indices), along);
    return backend.adopt(handle, shape, x.dtype);
  },
};
