import { runningKernel } from '../kernel.ts';

export const cumprod = runningKernel('Cumprod');
