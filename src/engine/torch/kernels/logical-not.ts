import { unaryKernel } from '../kernel.ts';

export const logicalNot = unaryKernel('LogicalNot', 'bool');
