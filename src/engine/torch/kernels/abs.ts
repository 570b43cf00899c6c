import { unaryKernel } from '../kernel.ts';

export const abs = unaryKernel('Abs');
