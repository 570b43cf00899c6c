import { resizeGradKernel } from '../resize.ts';

export const resizeNearestNeighborGrad = resizeGradKernel('ResizeNearestNeighborGrad');
