import { unaryKernel } from '../kernel.ts';

export const relu = unaryKernel('Relu');
