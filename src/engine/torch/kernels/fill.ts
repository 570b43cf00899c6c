import { dtypeIndex } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

export const fill: TorchKernel = {
  kernelName: 'Fill',
  run: ({ attrs, backend }) => {
    const {
      shape,
      value,
      dtype = 'float32',
    } = attrs as {
      shape: number[];
      value: number;
      dtype?: keyof typeof dtypeIndex;
    };
    return backend.adopt(backend.addon.Fill(shape, value, dtypeIndex[dtype]), shape, dtype);
  },
};
