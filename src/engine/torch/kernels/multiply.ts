import { binaryKernel } from '../kernel.ts';

export const multiply = binaryKernel('Multiply', ({ backend }, a, b) => backend.addon.Multiply(a, b));
