import type { TorchKernel } from '../kernel.ts';

/** 1 above 0 and alpha elsewhere. */
export const step: TorchKernel = {
  kernelName: 'Step',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { alpha = 0 } = attrs as { alpha?: number };
    return backend.adopt(backend.addon.Step(backend.handleOf(x), alpha), x.shape, x.dtype);
  },
};
