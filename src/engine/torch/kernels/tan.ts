import { unaryKernel } from '../kernel.ts';

export const tan = unaryKernel('Tan');
