import { reductionKernel } from '../kernel.ts';

export const all = reductionKernel('All', () => 'bool');
