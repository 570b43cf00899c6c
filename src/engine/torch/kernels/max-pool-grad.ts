import type { TensorInfo } from '@tensorflow/tfjs-core';
import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';
import { placePool } from '../window.ts';

/** Each dy goes to the first largest pixel of its window. */
export const maxPoolGrad: TorchKernel = {
  kernelName: 'MaxPoolGrad',
  run: ({ inputs, attrs, backend }) => {
    const { dy, input, output } = inputs as { dy: TensorInfo; input: TensorInfo; output: TensorInfo };
    const window = placePool(input.shape, attrs);
    const outputShape = window.shapeOf(window.channels);
    expectTensor('input', input);
    expectTensor('dy', dy, outputShape);
    expectTensor('output', output, outputShape);
    const [first, x, y] = [dy, input, output].map((tensor) => backend.handleOf(tensor)) as [
      number,
      number,
      number,
    ];
    return backend.adopt(backend.addon.MaxPoolGrad(first, x, y, window.pack()), input.shape);
  },
};
