import { unaryKernel } from '../kernel.ts';

export const round = unaryKernel('Round');
