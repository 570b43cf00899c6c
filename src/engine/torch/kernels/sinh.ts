import { unaryKernel } from '../kernel.ts';

export const sinh = unaryKernel('Sinh');
