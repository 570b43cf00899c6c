import { unaryKernel } from '../kernel.ts';

export const floor = unaryKernel('Floor');
