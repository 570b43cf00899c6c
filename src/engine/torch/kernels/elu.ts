import { unaryKernel } from '../kernel.ts';

export const elu = unaryKernel('Elu');
