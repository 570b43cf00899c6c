import { unaryKernel } from '../kernel.ts';

export const selu = unaryKernel('Selu');
