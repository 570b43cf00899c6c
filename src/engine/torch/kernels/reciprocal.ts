import { unaryKernel } from '../kernel.ts';

export const reciprocal = unaryKernel('Reciprocal');
