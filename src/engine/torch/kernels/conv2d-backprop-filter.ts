import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';
import { readConvWindow, requireFloats, requireShape } from '../window.ts';

/** x [N, H, W, C], dy [N, OH, OW, K] -> [kh, kw, C, K] */
export const conv2dBackpropFilter: TorchKernel = {
  kernelName: 'Conv2DBackpropFilter',
  run: ({ inputs, attrs, backend }) => {
    const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
    const { filterShape } = attrs as { filterShape: number[] };
    requireFloats(x, dy);
    const { window, outShape, channelsFirst } = readConvWindow(attrs, { x: x.shape, filter: filterShape });
    requireShape(dy, outShape, 'dy');
    const handle = backend.addon.Conv2DBackpropFilter(
      backend.handleOf(x),
      backend.handleOf(dy),
      window,
      channelsFirst,
      filterShape,
    );
    return backend.adopt(handle, filterShape);
  },
};
