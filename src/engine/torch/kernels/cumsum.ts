import { runningKernel } from '../kernel.ts';

export const cumsum = runningKernel('Cumsum');
