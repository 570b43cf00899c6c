import type { DataType } from '@tensorflow/tfjs-core';
import { dtypeNumber } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

export const fill: TorchKernel = {
  kernelName: 'Fill',
  run: ({ attrs, backend }) => {
    const { shape, value, dtype } = attrs as { shape: number[]; value: number | string; dtype?: DataType };
    const type = dtype ?? (typeof value === 'string' ? 'string' : 'float32');
    return backend.adopt(backend.addon.Fill(shape, Number(value), dtypeNumber(type)), shape, type);
  },
};
