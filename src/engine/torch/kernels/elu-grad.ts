import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const eluGrad: TorchKernel = {
  kernelName: 'EluGrad',
  run: ({ inputs, backend }) => {
    const [dy, y] = [inputs.dy!, inputs.y!];
    expectTensor('y', y, dy.shape, [dy.dtype]);
    return backend.adopt(backend.addon.EluGrad(backend.handleOf(dy), backend.handleOf(y)), y.shape, y.dtype);
  },
};
