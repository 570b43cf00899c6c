import { binaryKernel } from '../kernel.ts';

export const greaterEqual = binaryKernel('GreaterEqual', 'bool');
