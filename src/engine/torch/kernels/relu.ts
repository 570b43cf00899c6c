import { unaryKernel } from '../kernel.ts';

export const relu = unaryKernel('Relu', ({ backend }, x) => backend.addon.Relu(x));
