import { unaryKernel } from '../kernel.ts';

export const softplus = unaryKernel('Softplus');
