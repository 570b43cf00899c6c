import { reductionKernel } from '../kernel.ts';

export const max = reductionKernel('Max');
