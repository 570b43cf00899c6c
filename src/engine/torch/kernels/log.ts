import { unaryKernel } from '../kernel.ts';

export const log = unaryKernel('Log', ({ backend }, x) => backend.addon.Log(x));
