import { binaryKernel } from '../kernel.ts';

export const greater = binaryKernel('Greater', 'bool');
