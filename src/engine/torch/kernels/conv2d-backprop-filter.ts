import { convolutionFilterGradient } from '../convolution.ts';

export const conv2dBackpropFilter = convolutionFilterGradient('Conv2DBackpropFilter', { depthwise: false });
