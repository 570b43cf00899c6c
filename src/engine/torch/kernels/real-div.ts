import { binaryKernel } from '../kernel.ts';

export const realDiv = binaryKernel('RealDiv');
