import { dtypeNumber } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

export const zerosLike: TorchKernel = {
  kernelName: 'ZerosLike',
  run: ({ inputs, backend }) => {
    const { shape, dtype } = inputs.x!;
    return backend.adopt(backend.addon.Fill(shape, 0, dtypeNumber(dtype)), shape, dtype);
  },
};
