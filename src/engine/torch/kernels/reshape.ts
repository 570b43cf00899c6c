import { util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** A view of the same memory under a handle of its own, because handles know their shape. */
export const reshape: TorchKernel = {
  kernelName: 'Reshape',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const size = util.sizeFromShape(x.shape);
    const shape = util.inferFromImplicitShape(attrs.shape as number[], size);
    // tfjs lets any shape pass where there is nothing.
    if (util.sizeFromShape(shape) !== size) throw new Error(`${size} values do not fit [${shape}]`);
    return backend.adopt(backend.addon.Reshape(backend.handleOf(x), shape), shape, x.dtype);
  },
};
