import { unaryKernel } from '../kernel.ts';

export const complexAbs = unaryKernel('ComplexAbs', 'float32');
