import { unaryKernel } from '../kernel.ts';

export const asin = unaryKernel('Asin');
