import { util } from '@tensorflow/tfjs-core';
import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** How often, or with which weight, each number below `size` is there. */
export const bincount: TorchKernel = {
  kernelName: 'Bincount',
  run: ({ inputs, attrs, backend }) => {
    const [x, weights] = [inputs.x!, inputs.weights!];
    if (util.sizeFromShape(weights.shape) > 0) expectTensor('weights', weights, x.shape, [weights.dtype]);
    const { size } = attrs as { size: number };
    const row = backend.addon.Reshape(backend.handleOf(x), [1, util.sizeFromShape(x.shape)]);
    try {
      const bins = backend.addon.Bincount(row, backend.handleOf(weights), size, false);
      const handle = backend.addon.Reshape(bins, [size]);
      backend.addon.drop(bins);
      return backend.adopt(handle, [size], weights.dtype);
    } finally {
      backend.addon.drop(row);
    }
  },
};
