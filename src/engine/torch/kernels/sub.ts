import { binaryKernel } from '../kernel.ts';

export const sub = binaryKernel('Sub', ({ backend }, a, b) => backend.addon.Sub(a, b));
