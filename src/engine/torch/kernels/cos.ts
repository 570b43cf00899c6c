import { unaryKernel } from '../kernel.ts';

export const cos = unaryKernel('Cos');
