import { convolutionInputGradient } from '../convolution.ts';

export const conv2dBackpropInput = convolutionInputGradient('Conv2DBackpropInput', { depthwise: false });
