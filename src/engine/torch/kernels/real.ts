import type { TorchKernel } from '../kernel.ts';

export const real: TorchKernel = {
  kernelName: 'Real',
  run: ({ inputs, backend }) => {
    const x = inputs.input!;
    return backend.adopt(backend.addon.Real(backend.handleOf(x)), x.shape);
  },
};
