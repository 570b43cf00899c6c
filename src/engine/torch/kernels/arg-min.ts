import { argReductionKernel } from '../kernel.ts';

export const argMin = argReductionKernel('ArgMin');
