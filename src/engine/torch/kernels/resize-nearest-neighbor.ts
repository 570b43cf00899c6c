import { resizeKernel } from '../resize.ts';

export const resizeNearestNeighbor = resizeKernel('ResizeNearestNeighbor', 'same');
