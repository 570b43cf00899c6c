import { argReductionKernel } from '../kernel.ts';

export const argMax = argReductionKernel('ArgMax');
