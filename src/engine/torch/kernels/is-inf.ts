import { unaryKernel } from '../kernel.ts';

export const isInf = unaryKernel('IsInf', 'bool');
