import { convolution } from '../convolution.ts';

export const depthwiseConv2dNative = convolution('DepthwiseConv2dNative', { depthwise: true });
