import { reductionKernel } from '../kernel.ts';

export const mean = reductionKernel('Mean', ({ backend }, x, { axes, keepDims }) =>
  backend.addon.Mean(x, axes, keepDims),
);
