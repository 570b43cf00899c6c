import { resizeGradKernel } from '../resize.ts';

export const resizeBilinearGrad = resizeGradKernel('ResizeBilinearGrad');
