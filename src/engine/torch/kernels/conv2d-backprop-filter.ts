import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';
import { readWindow } from '../window.ts';

export const conv2dBackpropFilter: TorchKernel = {
  kernelName: 'Conv2DBackpropFilter',
  run: ({ inputs, attrs, backend }) => {
    const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
    const { stride, padding } = readWindow(attrs);
    const { filterShape } = attrs as { filterShape: number[] };
    const handle = backend.addon.Conv2DBackpropFilter(
      backend.handleOf(x),
      backend.handleOf(dy),
      stride,
      padding,
      filterShape,
    );
    return backend.adopt(handle, filterShape);
  },
};
