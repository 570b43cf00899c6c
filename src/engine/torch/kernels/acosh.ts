import { unaryKernel } from '../kernel.ts';

export const acosh = unaryKernel('Acosh');
