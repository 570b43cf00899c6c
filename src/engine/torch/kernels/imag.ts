import type { TorchKernel } from '../kernel.ts';

export const imag: TorchKernel = {
  kernelName: 'Imag',
  run: ({ inputs, backend }) => {
    const x = inputs.input!;
    return backend.adopt(backend.addon.Imag(backend.handleOf(x)), x.shape);
  },
};
