// Kernels of networks: products, convolutions, pools, normalisations, losses, and images.

import type { TorchKernel } from '../kernel.ts';
import { avgPool } from '../kernels/avg-pool.ts';
import { avgPoolGrad } from '../kernels/avg-pool-grad.ts';
import { batchMatMul } from '../kernels/batch-mat-mul.ts';
import { batchNorm, batchNormKeepingY } from '../kernels/batch-norm.ts';
import { batchNormGrad } from '../kernels/batch-norm-grad.ts';
import { conv2d } from '../kernels/conv2d.ts';
import { conv2dBackpropFilter } from '../kernels/conv2d-backprop-filter.ts';
import { conv2dBackpropInput } from '../kernels/conv2d-backprop-input.ts';
import { cropAndResize } from '../kernels/crop-and-resize.ts';
import { depthwiseConv2dNative } from '../kernels/depthwise-conv2d-native.ts';
import { depthwiseConv2dNativeBackpropFilter } from '../kernels/depthwise-conv2d-native-backprop-filter.ts';
import { depthwiseConv2dNativeBackpropInput } from '../kernels/depthwise-conv2d-native-backprop-input.ts';
import { einsum } from '../kernels/einsum.ts';
import { fusedBatchNorm } from '../kernels/fused-batch-norm.ts';
import { fusedConv2d } from '../kernels/fused-conv2d.ts';
import { fusedDepthwiseConv2d } from '../kernels/fused-depthwise-conv2d.ts';
import { fusedMatMul } from '../kernels/fused-mat-mul.ts';
import { infoNceKernel } from '../kernels/info-nce.ts';
import { lrn } from '../kernels/lrn.ts';
import { lrnGrad } from '../kernels/lrn-grad.ts';
import { matMul } from '../kernels/mat-mul.ts';
import { maxPool } from '../kernels/max-pool.ts';
import { maxPoolGrad } from '../kernels/max-pool-grad.ts';
import { resizeBilinear } from '../kernels/resize-bilinear.ts';
import { resizeBilinearGrad } from '../kernels/resize-bilinear-grad.ts';
import { resizeNearestNeighbor } from '../kernels/resize-nearest-neighbor.ts';
import { resizeNearestNeighborGrad } from '../kernels/resize-nearest-neighbor-grad.ts';
import { softmaxCrossEntropyKernel } from '../kernels/softmax-cross-entropy.ts';

export const networkKernels: readonly TorchKernel[] = [
  avgPool,
  avgPoolGrad,
  batchMatMul,
  batchNorm,
  batchNormGrad,
  batchNormKeepingY,
  conv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  cropAndResize,
  depthwiseConv2dNative,
  depthwiseConv2dNativeBackpropFilter,
  depthwiseConv2dNativeBackpropInput,
  einsum,
  fusedBatchNorm,
  fusedConv2d,
  fusedDepthwiseConv2d,
  fusedMatMul,
  infoNceKernel,
  lrn,
  lrnGrad,
  matMul,
  maxPool,
  maxPoolGrad,
  resizeBilinear,
  resizeBilinearGrad,
  resizeNearestNeighbor,
  resizeNearestNeighborGrad,
  softmaxCrossEntropyKernel,
];
