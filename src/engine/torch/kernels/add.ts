import { binaryKernel } from '../kernel.ts';

export const add = binaryKernel('Add');
