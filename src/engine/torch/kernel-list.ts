// Every kernel of the backend; one op a file.

import type { TorchKernel } from './kernel.ts';
import { add } from './kernels/add.ts';
import { avgPool } from './kernels/avg-pool.ts';
import { avgPoolGrad } from './kernels/avg-pool-grad.ts';
import { batchNorm, batchNormKeepingY } from './kernels/batch-norm.ts';
import { batchNormGrad } from './kernels/batch-norm-grad.ts';
import { cast } from './kernels/cast.ts';
import { concat } from './kernels/concat.ts';
import { conv2d } from './kernels/conv2d.ts';
import { conv2dBackpropFilter } from './kernels/conv2d-backprop-filter.ts';
import { conv2dBackpropInput } from './kernels/conv2d-backprop-input.ts';
import { depthwiseConv2dNative } from './kernels/depthwise-conv2d-native.ts';
import { depthwiseConv2dNativeBackpropFilter } from './kernels/depthwise-conv2d-native-backprop-filter.ts';
import { depthwiseConv2dNativeBackpropInput } from './kernels/depthwise-conv2d-native-backprop-input.ts';
import { exp } from './kernels/exp.ts';
import { expandDims } from './kernels/expand-dims.ts';
import { fill } from './kernels/fill.ts';
import { gatherV2 } from './kernels/gather-v2.ts';
import { identity } from './kernels/identity.ts';
import { infoNceKernel } from './kernels/info-nce.ts';
import { log } from './kernels/log.ts';
import { matMul } from './kernels/mat-mul.ts';
import { max } from './kernels/max.ts';
import { maxPool } from './kernels/max-pool.ts';
import { maxPoolGrad } from './kernels/max-pool-grad.ts';
import { mean } from './kernels/mean.ts';
import { multiply } from './kernels/multiply.ts';
import { neg } from './kernels/neg.ts';
import { oneHot } from './kernels/one-hot.ts';
import { padV2 } from './kernels/pad-v2.ts';
import { realDiv } from './kernels/real-div.ts';
import { relu } from './kernels/relu.ts';
import { reluGrad } from './kernels/relu-grad.ts';
import { reshape } from './kernels/reshape.ts';
import { rsqrt } from './kernels/rsqrt.ts';
import { slice } from './kernels/slice.ts';
import { softmaxCrossEntropyKernel } from './kernels/softmax-cross-entropy.ts';
import { splitV } from './kernels/split-v.ts';
import { spread } from './kernels/spread.ts';
import { sqrt } from './kernels/sqrt.ts';
import { square } from './kernels/square.ts';
import { step } from './kernels/step.ts';
import { sub } from './kernels/sub.ts';
import { sum } from './kernels/sum.ts';
import { transpose } from './kernels/transpose.ts';
import { zerosLike } from './kernels/zeros-like.ts';

export const kernels: readonly TorchKernel[] = [
  add,
  avgPoolGrad,
  avgPool,
  batchNormGrad,
  batchNorm,
  batchNormKeepingY,
  cast,
  concat,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  conv2d,
  depthwiseConv2dNativeBackpropFilter,
  depthwiseConv2dNativeBackpropInput,
  depthwiseConv2dNative,
  exp,
  expandDims,
  fill,
  gatherV2,
  identity,
  infoNceKernel,
  log,
  matMul,
  maxPoolGrad,
  maxPool,
  max,
  mean,
  multiply,
  neg,
  oneHot,
  padV2,
  realDiv,
  reluGrad,
  relu,
  reshape,
  rsqrt,
  slice,
  softmaxCrossEntropyKernel,
  splitV,
  spread,
  sqrt,
  square,
  step,
  sub,
  sum,
  transpose,
  zerosLike,
];
