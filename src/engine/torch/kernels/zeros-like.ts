import { dtypeIndex } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

export const zerosLike: TorchKernel = {
  kernelName: 'ZerosLike',
  run: ({ inputs, backend }) => {
    const { shape, dtype } = inputs.x!;
    return backend.adopt(
      backend.addon.Fill(shape, 0, dtypeIndex[dtype as keyof typeof dtypeIndex]),
      shape,
      dtype,
    );
  },
};
