import { binaryKernel } from '../kernel.ts';

export const notEqual = binaryKernel('NotEqual', 'bool');
