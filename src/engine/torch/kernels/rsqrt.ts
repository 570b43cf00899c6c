import { unaryKernel } from '../kernel.ts';

export const rsqrt = unaryKernel('Rsqrt');
