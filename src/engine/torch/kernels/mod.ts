import { binaryKernel } from '../kernel.ts';

export const mod = binaryKernel('Mod');
