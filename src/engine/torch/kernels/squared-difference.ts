import { binaryKernel } from '../kernel.ts';

export const squaredDifference = binaryKernel('SquaredDifference');
