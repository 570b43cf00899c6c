import { unaryKernel } from '../kernel.ts';

export const sigmoid = unaryKernel('Sigmoid');
