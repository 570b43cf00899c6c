import { unaryKernel } from '../kernel.ts';

export const neg = unaryKernel('Neg');
