import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Local response normalisation over neighbouring channels. */
export const lrn: TorchKernel = {
  kernelName: 'LRN',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    expectWhole('the number of channels', inputs.x!.shape[3], 1);
    const { depthRadius, bias, alpha, beta } = attrs as Record<
      'depthRadius' | 'bias' | 'alpha' | 'beta',
      number
    >;
    const handle = backend.addon.LRN(backend.handleOf(x), depthRadius, bias, alpha, beta);
    return backend.adopt(handle, x.shape);
  },
};
