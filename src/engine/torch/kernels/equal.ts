import { binaryKernel } from '../kernel.ts';

export const equal = binaryKernel('Equal', 'bool');
