import { util } from '@tensorflow/tfjs-core';
import { SPREAD } from '../../gradients.ts';
import type { TorchKernel } from '../kernel.ts';

/** The gradient of a sum or mean: factor times dy, repeated along the axes that were reduced. */
export const spread: TorchKernel = {
  kernelName: SPREAD,
  run: ({ inputs, attrs, backend }) => {
    const { kept, shape, factor } = attrs as { kept: number[]; shape: number[]; factor: number };
    if (kept.length !== shape.length || kept.some((size, i) => size !== 1 && size !== shape[i]))
      throw new Error(`[${kept}] does not broadcast to [${shape}]`);
    if (util.sizeFromShape(kept) !== util.sizeFromShape(inputs.dy!.shape))
      throw new Error(`dy has not the ${util.sizeFromShape(kept)} numbers of [${kept}]`);
    const handle = backend.addon.Spread(backend.handleOf(inputs.dy!), kept, shape, factor);
    return backend.adopt(handle, shape, inputs.dy!.dtype);
  },
};
