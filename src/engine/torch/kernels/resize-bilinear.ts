import { resizeKernel } from '../resize.ts';

export const resizeBilinear = resizeKernel('ResizeBilinear', 'float32');
