import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';
import { readPoolWindow, requireFloats, requireShape } from '../window.ts';

/** dy [N, OH, OW, C], input [N, H, W, C] -> [N, H, W, C] */
export const maxPoolGrad: TorchKernel = {
  kernelName: 'MaxPoolGrad',
  run: ({ inputs, attrs, backend }) => {
    const { dy, input, output } = inputs as { dy: TensorInfo; input: TensorInfo; output: TensorInfo };
    requireFloats(dy, input);
    const { window, size, outShape } = readPoolWindow(attrs, input.shape);
    requireShape(dy, outShape, 'dy');
    requireShape(output, outShape, 'output');
    const handle = backend.addon.MaxPoolGrad(
      backend.handleOf(dy),
      backend.handleOf(input),
      backend.handleOf(output),
      size,
      window,
    );
    return backend.adopt(handle, input.shape);
  },
};
