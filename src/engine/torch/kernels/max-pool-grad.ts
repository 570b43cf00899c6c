import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';
import { readPool } from '../window.ts';

export const maxPoolGrad: TorchKernel = {
  kernelName: 'MaxPoolGrad',
  run: ({ inputs, attrs, backend }) => {
    const { dy, input, output } = inputs as { dy: TensorInfo; input: TensorInfo; output: TensorInfo };
    const { size, stride, padding } = readPool(attrs);
    const [dyHandle, x, y] = [dy, input, output].map((tensor) => backend.handleOf(tensor)) as [
      number,
      number,
      number,
    ];
    const handle = backend.addon.MaxPoolGrad(dyHandle, x, y, size, stride, padding);
    return backend.adopt(handle, input.shape);
  },
};
