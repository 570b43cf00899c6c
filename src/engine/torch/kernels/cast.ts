import { dtypeIndex } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

export const cast: TorchKernel = {
  kernelName: 'Cast',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { dtype } = attrs as { dtype: keyof typeof dtypeIndex };
    return backend.adopt(backend.addon.Cast(backend.handleOf(x), dtypeIndex[dtype]), x.shape, dtype);
  },
};
