import { convolutionFilterGradient } from '../convolution.ts';

export const depthwiseConv2dNativeBackpropFilter = convolutionFilterGradient(
  'DepthwiseConv2dNativeBackpropFilter',
  { depthwise: true },
);
