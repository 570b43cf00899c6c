import { unaryKernel } from '../kernel.ts';

export const step = unaryKernel('Step', ({ backend }, x) => backend.addon.Step(x));
