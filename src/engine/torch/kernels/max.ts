import { reductionKernel } from '../kernel.ts';

export const max = reductionKernel('Max', ({ backend }, x, { axes, keepDims }) =>
  backend.addon.Max(x, axes, keepDims),
);
