import { util } from '@tensorflow/tfjs-core';
import { expectDifferent } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const reverse: TorchKernel = {
  kernelName: 'Reverse',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const axes = util.parseAxisParam((attrs as { dims: number | number[] }).dims, x.shape);
    expectDifferent(axes);
    return backend.adopt(backend.addon.Reverse(backend.handleOf(x), axes), x.shape, x.dtype);
  },
};
