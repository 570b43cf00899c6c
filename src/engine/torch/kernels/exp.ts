import { unaryKernel } from '../kernel.ts';

export const exp = unaryKernel('Exp', ({ backend }, x) => backend.addon.Exp(x));
