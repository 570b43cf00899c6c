import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';
import { readWindow } from '../window.ts';

export const conv2dBackpropInput: TorchKernel = {
  kernelName: 'Conv2DBackpropInput',
  run: ({ inputs, attrs, backend }) => {
    const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
    const { stride, padding } = readWindow(attrs);
    const { inputShape } = attrs as { inputShape: number[] };
    const handle = backend.addon.Conv2DBackpropInput(
      backend.handleOf(dy),
      backend.handleOf(filter),
      stride,
      padding,
      inputShape,
    );
    return backend.adopt(handle, inputShape);
  },
};
