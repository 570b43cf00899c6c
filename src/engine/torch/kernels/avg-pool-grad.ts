import type { TensorInfo } from '@tensorflow/tfjs-core';
import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';
import { placePool } from '../window.ts';

export const avgPoolGrad: TorchKernel = {
  kernelName: 'AvgPoolGrad',
  run: ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
    const window = placePool(input.shape, attrs);
    expectTensor('dy', dy, window.shapeOf(window.channels));
    const handle = backend.addon.AvgPoolGrad(backend.handleOf(dy), window.pack(), input.shape);
    return backend.adopt(handle, input.shape);
  },
};
