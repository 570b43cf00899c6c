import { binaryKernel } from '../kernel.ts';

export const maximum = binaryKernel('Maximum');
