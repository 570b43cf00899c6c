import { unaryKernel } from '../kernel.ts';

export const atan = unaryKernel('Atan');
