import { unaryKernel } from '../kernel.ts';

export const square = unaryKernel('Square', ({ backend }, x) => backend.addon.Square(x));
