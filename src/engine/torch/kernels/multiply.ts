import { binaryKernel } from '../kernel.ts';

export const multiply = binaryKernel('Multiply');
