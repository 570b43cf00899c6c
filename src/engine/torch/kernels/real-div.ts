import { binaryKernel } from '../kernel.ts';

export const realDiv = binaryKernel('RealDiv', ({ backend }, a, b) => backend.addon.RealDiv(a, b));
