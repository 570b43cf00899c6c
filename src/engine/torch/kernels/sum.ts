import { reductionKernel } from '../kernel.ts';

export const sum = reductionKernel('Sum', ({ backend }, x, { axes, keepDims }) =>
  backend.addon.Sum(x, axes, keepDims),
);
