import { SPREAD } from '../../gradients.ts';
import type { TorchKernel } from '../kernel.ts';

/** The gradient of a sum or mean: factor times dy, repeated along the axes that were reduced. */
export const spread: TorchKernel = {
  kernelName: SPREAD,
  run: ({ inputs, attrs, backend }) => {
    const { kept, shape, factor } = attrs as { kept: number[]; shape: number[]; factor: number };
    const handle = backend.addon.Spread(backend.handleOf(inputs.dy!), kept, shape, factor);
    return backend.adopt(handle, shape, inputs.dy!.dtype);
  },
};
