import type { TorchKernel } from '../kernel.ts';

/** Along the last axis. */
export const fft: TorchKernel = {
  kernelName: 'FFT',
  run: ({ inputs, backend }) => {
    const x = inputs.input!;
    return backend.adopt(backend.addon.FFT(backend.handleOf(x)), x.shape, 'complex64');
  },
};
