import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';
import { readConvWindow, requireFloats } from '../window.ts';

/** [N, H, W, C] * [kh, kw, C, K] -> [N, OH, OW, K] */
export const conv2d: TorchKernel = {
  kernelName: 'Conv2D',
  run: ({ inputs, attrs, backend }) => {
    const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
    requireFloats(x, filter);
    const { window, outShape, channelsFirst } = readConvWindow(attrs, {
      x: x.shape,
      filter: filter.shape,
    });
    const handle = backend.addon.Conv2D(backend.handleOf(x), backend.handleOf(filter), window, channelsFirst);
    return backend.adopt(handle, outShape);
  },
};
