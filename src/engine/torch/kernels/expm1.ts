import { unaryKernel } from '../kernel.ts';

export const expm1 = unaryKernel('Expm1');
