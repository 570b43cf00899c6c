import { unaryKernel } from '../kernel.ts';

export const acos = unaryKernel('Acos');
