import { broadcast_util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

export const prelu: TorchKernel = {
  kernelName: 'Prelu',
  run: ({ inputs, backend }) => {
    const [x, alpha] = [inputs.x!, inputs.alpha!];
    const shape = broadcast_util.assertAndGetBroadcastShape(x.shape, alpha.shape);
    return backend.adopt(backend.addon.Prelu(backend.handleOf(x), backend.handleOf(alpha)), shape);
  },
};
