import { unaryKernel } from '../kernel.ts';

export const neg = unaryKernel('Neg', ({ backend }, x) => backend.addon.Neg(x));
