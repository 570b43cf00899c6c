import { binaryKernel } from '../kernel.ts';

export const floorDiv = binaryKernel('FloorDiv');
