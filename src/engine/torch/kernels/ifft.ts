import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Along the last axis. */
export const ifft: TorchKernel = {
  kernelName: 'IFFT',
  run: ({ inputs, backend }) => {
    const x = inputs.input!;
    expectWhole('the length of the last axis', x.shape.at(-1), 1);
    return backend.adopt(backend.addon.IFFT(backend.handleOf(x)), x.shape, 'complex64');
  },
};
