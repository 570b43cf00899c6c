import { binaryKernel } from '../kernel.ts';

export const logicalOr = binaryKernel('LogicalOr', 'bool');
