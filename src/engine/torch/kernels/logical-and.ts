import { binaryKernel } from '../kernel.ts';

export const logicalAnd = binaryKernel('LogicalAnd', 'bool');
