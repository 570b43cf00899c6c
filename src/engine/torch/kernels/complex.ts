import { util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

export const complex: TorchKernel = {
  kernelName: 'Complex',
  run: ({ inputs, backend }) => {
    const [real, imag] = [inputs.real!, inputs.imag!];
    util.assertShapesMatch(real.shape, imag.shape, 'real and imag: ');
    const handle = backend.addon.Complex(backend.handleOf(real), backend.handleOf(imag));
    return backend.adopt(handle, real.shape, 'complex64');
  },
};
