import { binaryKernel } from '../kernel.ts';

export const lessEqual = binaryKernel('LessEqual', 'bool');
