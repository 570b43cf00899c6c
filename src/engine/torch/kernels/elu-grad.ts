import { util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

export const eluGrad: TorchKernel = {
  kernelName: 'EluGrad',
  run: ({ inputs, backend }) => {
    const [dy, y] = [inputs.dy!, inputs.y!];
    util.assertShapesMatch(dy.shape, y.shape, 'dy and y: ');
    return backend.adopt(backend.addon.EluGrad(backend.handleOf(dy), backend.handleOf(y)), y.shape, y.dtype);
  },
};
