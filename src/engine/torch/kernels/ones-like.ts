import { dtypeNumber } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

export const onesLike: TorchKernel = {
  kernelName: 'OnesLike',
  run: ({ inputs, backend }) => {
    const { shape, dtype } = inputs.x!;
    return backend.adopt(backend.addon.Fill(shape, 1, dtypeNumber(dtype)), shape, dtype);
  },
};
