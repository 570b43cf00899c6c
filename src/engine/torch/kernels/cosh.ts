import { unaryKernel } from '../kernel.ts';

export const cosh = unaryKernel('Cosh');
