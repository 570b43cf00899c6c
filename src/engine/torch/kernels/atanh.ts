import { unaryKernel } from '../kernel.ts';

export const atanh = unaryKernel('Atanh');
