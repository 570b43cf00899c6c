import { binaryKernel } from '../kernel.ts';

export const less = binaryKernel('Less', 'bool');
