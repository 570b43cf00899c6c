import { unaryKernel } from '../kernel.ts';

export const log = unaryKernel('Log');
