import { unaryKernel } from '../kernel.ts';

export const tanh = unaryKernel('Tanh');
