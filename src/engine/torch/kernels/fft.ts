import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Along the last axis. */
export const fft: TorchKernel = {
  kernelName: 'FFT',
  run: ({ inputs, backend }) => {
    const x = inputs.input!;
    expectWhole('the length of the last axis', x.shape.at(-1), 1);
    return backend.adopt(backend.addon.FFT(backend.handleOf(x)), x.shape, 'complex64');
  },
};
