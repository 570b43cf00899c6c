import { unaryKernel } from '../kernel.ts';

export const erf = unaryKernel('Erf');
