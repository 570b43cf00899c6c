import type { TorchKernel } from '../kernel.ts';

/** Along the last axis. */
export const ifft: TorchKernel = {
  kernelName: 'IFFT',
  run: ({ inputs, backend }) => {
    const x = inputs.input!;
    return backend.adopt(backend.addon.IFFT(backend.handleOf(x)), x.shape, 'complex64');
  },
};
