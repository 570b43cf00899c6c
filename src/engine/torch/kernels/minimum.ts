import { binaryKernel } from '../kernel.ts';

export const minimum = binaryKernel('Minimum');
