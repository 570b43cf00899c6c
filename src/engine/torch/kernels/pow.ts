import { binaryKernel } from '../kernel.ts';

export const pow = binaryKernel('Pow');
