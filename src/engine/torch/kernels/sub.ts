import { binaryKernel } from '../kernel.ts';

export const sub = binaryKernel('Sub');
