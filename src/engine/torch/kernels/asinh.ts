import { unaryKernel } from '../kernel.ts';

export const asinh = unaryKernel('Asinh');
