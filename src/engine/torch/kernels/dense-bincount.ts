import { util } from '@tensorflow/tfjs-core';
import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** `Bincount` of one row or of each of several, or only whether a number is there. */
export const denseBincount: TorchKernel = {
  kernelName: 'DenseBincount',
  run: ({ inputs, attrs, backend }) => {
    const [x, weights] = [inputs.x!, inputs.weights!];
    if (util.sizeFromShape(weights.shape) > 0) expectTensor('weights', weights, x.shape, [weights.dtype]);
    const { size, binaryOutput = false } = attrs as { size: number; binaryOutput?: boolean };
    const rows = x.shape.length > 1 ? x.shape : [1, ...x.shape];
    const shape = [...x.shape.slice(0, -1), size];
    const flat = backend.addon.Reshape(backend.handleOf(x), rows);
    try {
      const bins = backend.addon.Bincount(flat, backend.handleOf(weights), size, binaryOutput);
      const handle = backend.addon.Reshape(bins, shape);
      backend.addon.drop(bins);
      return backend.adopt(handle, shape, weights.dtype);
    } finally {
      backend.addon.drop(flat);
    }
  },
};
