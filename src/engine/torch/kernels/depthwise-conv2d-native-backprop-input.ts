import { convolutionInputGradient } from '../convolution.ts';

export const depthwiseConv2dNativeBackpropInput = convolutionInputGradient(
  'DepthwiseConv2dNativeBackpropInput',
  { depthwise: true },
);
