import { unaryKernel } from '../kernel.ts';

export const log1p = unaryKernel('Log1p');
