import { util } from '@tensorflow/tfjs-core';
import { expectOneType } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const addN: TorchKernel = {
  kernelName: 'AddN',
  run: ({ inputs, backend }) => {
    const parts = Object.values(inputs);
    const { shape, dtype } = parts[0]!;
    expectOneType(parts);
    for (const part of parts) util.assertShapesMatch(part.shape, shape);
    return backend.adopt(backend.addon.AddN(parts.map((part) => backend.handleOf(part))), shape, dtype);
  },
};
