import type { TorchKernel } from '../kernel.ts';

export const leakyRelu: TorchKernel = {
  kernelName: 'LeakyRelu',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { alpha } = attrs as { alpha: number };
    return backend.adopt(backend.addon.LeakyRelu(backend.handleOf(x), alpha), x.shape);
  },
};
