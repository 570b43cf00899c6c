import { unaryKernel } from '../kernel.ts';

export const sqrt = unaryKernel('Sqrt', ({ backend }, x) => backend.addon.Sqrt(x));
