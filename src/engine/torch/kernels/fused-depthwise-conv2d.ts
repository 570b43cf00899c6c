import { fusedConvolution } from '../activation.ts';
import { depthwiseConv2dNative } from './depthwise-conv2d-native.ts';

export const fusedDepthwiseConv2d = fusedConvolution('FusedDepthwiseConv2D', depthwiseConv2dNative);
