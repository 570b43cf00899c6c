import { util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** The slices along an axis, without it. */
export const unpack: TorchKernel = {
  kernelName: 'Unpack',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.value!;
    const axis = util.parseAxisParam((attrs as { axis: number }).axis, x.shape)[0]!;
    const shape = x.shape.filter((_, i) => i !== axis);
    return backend.addon
      .Unpack(backend.handleOf(x), axis)
      .map((handle) => backend.adopt(handle, shape, x.dtype));
  },
};
