import type { DataType } from '@tensorflow/tfjs-core';
import { dtypeNumber } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

/** To integers by cutting off, to booleans by being other than 0; a complex number gives its real part. */
export const cast: TorchKernel = {
  kernelName: 'Cast',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { dtype } = attrs as { dtype: DataType };
    return backend.adopt(backend.addon.Cast(backend.handleOf(x), dtypeNumber(dtype)), x.shape, dtype);
  },
};
