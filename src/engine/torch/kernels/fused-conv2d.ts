import { fusedConvolution } from '../activation.ts';
import { conv2d } from './conv2d.ts';

export const fusedConv2d = fusedConvolution('FusedConv2D', conv2d);
