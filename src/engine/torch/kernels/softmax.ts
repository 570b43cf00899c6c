import { util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

export const softmax: TorchKernel = {
  kernelName: 'Softmax',
  run: ({ inputs, attrs, backend }) => {
    const { logits } = inputs;
    const [axis] = util.parseAxisParam((attrs as { dim: number }).dim, logits!.shape);
    return backend.adopt(backend.addon.Softmax(backend.handleOf(logits!), axis!), logits!.shape);
  },
};
