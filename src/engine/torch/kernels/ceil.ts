import { unaryKernel } from '../kernel.ts';

export const ceil = unaryKernel('Ceil');
