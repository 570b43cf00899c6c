import { binaryKernel } from '../kernel.ts';

export const add = binaryKernel('Add', ({ backend }, a, b) => backend.addon.Add(a, b));
