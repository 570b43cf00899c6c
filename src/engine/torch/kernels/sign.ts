import { unaryKernel } from '../kernel.ts';

export const sign = unaryKernel('Sign');
