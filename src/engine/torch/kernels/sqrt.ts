import { unaryKernel } from '../kernel.ts';

export const sqrt = unaryKernel('Sqrt');
