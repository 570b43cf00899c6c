import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';
import { outputSize, readWindow } from '../window.ts';

/** [N, H, W, C] * [kh, kw, C, K] -> [N, OH, OW, K] */
export const conv2d: TorchKernel = {
  kernelName: 'Conv2D',
  run: ({ inputs, attrs, backend }) => {
    const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
    const { stride, padding } = readWindow(attrs);
    const [n, h, w, c] = x.shape as [number, number, number, number];
    const [kh, kw, inputs2, k] = filter.shape as [number, number, number, number];
    if (c !== inputs2) throw new Error(`the images have ${c} channels, the filter wants ${inputs2}`);
    const shape = [n, outputSize(h, kh, { stride, padding }), outputSize(w, kw, { stride, padding }), k];
    const handle = backend.addon.Conv2D(backend.handleOf(x), backend.handleOf(filter), stride, padding);
    return backend.adopt(handle, shape);
  },
};
