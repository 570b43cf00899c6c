import { unaryKernel } from '../kernel.ts';

export const square = unaryKernel('Square');
