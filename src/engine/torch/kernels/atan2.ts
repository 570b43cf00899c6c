import { binaryKernel } from '../kernel.ts';

export const atan2 = binaryKernel('Atan2');
