import { unaryKernel } from '../kernel.ts';

export const rsqrt = unaryKernel('Rsqrt', ({ backend }, x) => backend.addon.Rsqrt(x));
