import { unaryKernel } from '../kernel.ts';

export const isNan = unaryKernel('IsNan', 'bool');
