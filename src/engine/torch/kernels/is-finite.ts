import { unaryKernel } from '../kernel.ts';

export const isFiniteNumber = unaryKernel('IsFinite', 'bool');
