import { util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** A view of the same memory under a handle of its own, because handles know their shape. */
export const reshape: TorchKernel = {
  kernelName: 'Reshape',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const shape = util.inferFromImplicitShape(attrs.shape as number[], util.sizeFromShape(x.shape));
    return backend.adopt(backend.addon.Reshape(backend.handleOf(x), shape), shape, x.dtype);
  },
};
