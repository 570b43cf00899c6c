import { util } from '@tensorflow/tfjs-core';
import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Different slices in the order of their first appearance, and for each slice which of them it is. */
export const unique: TorchKernel = {
  kernelName: 'Unique',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const axis = util.parseAxisParam((attrs as { axis: number }).axis, x.shape)[0]!;
    expectWhole('the number of values', util.sizeFromShape(x.shape), 1);
    const [values, indices] = backend.addon.Unique(backend.handleOf(x), axis);
    return [
      backend.adopt(values, backend.addon.inspect(values).shape, x.dtype),
      backend.adopt(indices, [x.shape[axis]!], 'int32'),
    ];
  },
};
