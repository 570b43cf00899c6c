import { unaryKernel } from '../kernel.ts';

export const sin = unaryKernel('Sin');
