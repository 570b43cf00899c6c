import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';
import { readConvWindow, requireFloats, requireShape } from '../window.ts';

/** dy [N, OH, OW, K], filter [kh, kw, C, K] -> [N, H, W, C] */
export const conv2dBackpropInput: TorchKernel = {
  kernelName: 'Conv2DBackpropInput',
  run: ({ inputs, attrs, backend }) => {
    const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
    const { inputShape } = attrs as { inputShape: number[] };
    requireFloats(dy, filter);
    const { window, outShape, channelsFirst } = readConvWindow(attrs, {
      x: inputShape,
      filter: filter.shape,
    });
    requireShape(dy, outShape, 'dy');
    const handle = backend.addon.Conv2DBackpropInput(
      backend.handleOf(dy),
      backend.handleOf(filter),
      window,
      channelsFirst,
      inputShape,
    );
    return backend.adopt(handle, inputShape);
  },
};
