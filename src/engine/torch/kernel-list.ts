// Every kernel of the backend; one op a file.

import type { TorchKernel } from './kernel.ts';
import { abs } from './kernels/abs.ts';
import { acos } from './kernels/acos.ts';
import { acosh } from './kernels/acosh.ts';
import { add } from './kernels/add.ts';
import { addN } from './kernels/add-n.ts';
import { all } from './kernels/all.ts';
import { any } from './kernels/any.ts';
import { argMax } from './kernels/arg-max.ts';
import { argMin } from './kernels/arg-min.ts';
import { asin } from './kernels/asin.ts';
import { asinh } from './kernels/asinh.ts';
import { atan } from './kernels/atan.ts';
import { atan2 } from './kernels/atan2.ts';
import { atanh } from './kernels/atanh.ts';
import { avgPool } from './kernels/avg-pool.ts';
import { avgPoolGrad } from './kernels/avg-pool-grad.ts';
import { batchMatMul } from './kernels/batch-mat-mul.ts';
import { batchNorm, batchNormKeepingY } from './kernels/batch-norm.ts';
import { batchNormGrad } from './kernels/batch-norm-grad.ts';
import { batchToSpaceND } from './kernels/batch-to-space-nd.ts';
import { bincount } from './kernels/bincount.ts';
import { bitwiseAnd } from './kernels/bitwise-and.ts';
import { cast } from './kernels/cast.ts';
import { ceil } from './kernels/ceil.ts';
import { clipByValue } from './kernels/clip-by-value.ts';
import { complex } from './kernels/complex.ts';
import { complexAbs } from './kernels/complex-abs.ts';
import { concat } from './kernels/concat.ts';
import { conv2d } from './kernels/conv2d.ts';
import { conv2dBackpropFilter } from './kernels/conv2d-backprop-filter.ts';
import { conv2dBackpropInput } from './kernels/conv2d-backprop-input.ts';
import { cos } from './kernels/cos.ts';
import { cosh } from './kernels/cosh.ts';
import { cropAndResize } from './kernels/crop-and-resize.ts';
import { cumprod } from './kernels/cumprod.ts';
import { cumsum } from './kernels/cumsum.ts';
import { denseBincount } from './kernels/dense-bincount.ts';
import { depthToSpace } from './kernels/depth-to-space.ts';
import { depthwiseConv2dNative } from './kernels/depthwise-conv2d-native.ts';
import { depthwiseConv2dNativeBackpropFilter } from './kernels/depthwise-conv2d-native-backprop-filter.ts';
import { depthwiseConv2dNativeBackpropInput } from './kernels/depthwise-conv2d-native-backprop-input.ts';
import { diag } from './kernels/diag.ts';
import { einsum } from './kernels/einsum.ts';
import { elu } from './kernels/elu.ts';
import { eluGrad } from './kernels/elu-grad.ts';
import { equal } from './kernels/equal.ts';
import { erf } from './kernels/erf.ts';
import { exp } from './kernels/exp.ts';
import { expandDims } from './kernels/expand-dims.ts';
import { expm1 } from './kernels/expm1.ts';
import { fft } from './kernels/fft.ts';
import { fill } from './kernels/fill.ts';
import { flipLeftRight } from './kernels/flip-left-right.ts';
import { floor } from './kernels/floor.ts';
import { floorDiv } from './kernels/floor-div.ts';
import { fusedBatchNorm } from './kernels/fused-batch-norm.ts';
import { fusedConv2d } from './kernels/fused-conv2d.ts';
import { fusedDepthwiseConv2d } from './kernels/fused-depthwise-conv2d.ts';
import { fusedMatMul } from './kernels/fused-mat-mul.ts';
import { gatherNd } from './kernels/gather-nd.ts';
import { gatherV2 } from './kernels/gather-v2.ts';
import { greater } from './kernels/greater.ts';
import { greaterEqual } from './kernels/greater-equal.ts';
import { identity } from './kernels/identity.ts';
import { ifft } from './kernels/ifft.ts';
import { imag } from './kernels/imag.ts';
import { infoNceKernel } from './kernels/info-nce.ts';
import { isFiniteNumber } from './kernels/is-finite.ts';
import { isInf } from './kernels/is-inf.ts';
import { isNan } from './kernels/is-nan.ts';
import { leakyRelu } from './kernels/leaky-relu.ts';
import { less } from './kernels/less.ts';
import { lessEqual } from './kernels/less-equal.ts';
import { linSpace } from './kernels/lin-space.ts';
import { log } from './kernels/log.ts';
import { log1p } from './kernels/log1p.ts';
import { logicalAnd } from './kernels/logical-and.ts';
import { logicalNot } from './kernels/logical-not.ts';
import { logicalOr } from './kernels/logical-or.ts';
import { lrn } from './kernels/lrn.ts';
import { lrnGrad } from './kernels/lrn-grad.ts';
import { matMul } from './kernels/mat-mul.ts';
import { max } from './kernels/max.ts';
import { maxPool } from './kernels/max-pool.ts';
import { maxPoolGrad } from './kernels/max-pool-grad.ts';
import { maximum } from './kernels/maximum.ts';
import { mean } from './kernels/mean.ts';
import { min } from './kernels/min.ts';
import { minimum } from './kernels/minimum.ts';
import { mirrorPad } from './kernels/mirror-pad.ts';
import { mod } from './kernels/mod.ts';
import { multinomial } from './kernels/multinomial.ts';
import { multiply } from './kernels/multiply.ts';
import { neg } from './kernels/neg.ts';
import { nonMaxSuppressionV3 } from './kernels/non-max-suppression-v3.ts';
import { nonMaxSuppressionV4 } from './kernels/non-max-suppression-v4.ts';
import { nonMaxSuppressionV5 } from './kernels/non-max-suppression-v5.ts';
import { notEqual } from './kernels/not-equal.ts';
import { oneHot } from './kernels/one-hot.ts';
import { onesLike } from './kernels/ones-like.ts';
import { pack } from './kernels/pack.ts';
import { padV2 } from './kernels/pad-v2.ts';
import { pow } from './kernels/pow.ts';
import { prelu } from './kernels/prelu.ts';
import { prod } from './kernels/prod.ts';
import { range } from './kernels/range.ts';
import { real } from './kernels/real.ts';
import { realDiv } from './kernels/real-div.ts';
import { reciprocal } from './kernels/reciprocal.ts';
import { relu } from './kernels/relu.ts';
import { reluGrad } from './kernels/relu-grad.ts';
import { relu6 } from './kernels/relu6.ts';
import { reshape } from './kernels/reshape.ts';
import { resizeBilinear } from './kernels/resize-bilinear.ts';
import { resizeBilinearGrad } from './kernels/resize-bilinear-grad.ts';
import { resizeNearestNeighbor } from './kernels/resize-nearest-neighbor.ts';
import { resizeNearestNeighborGrad } from './kernels/resize-nearest-neighbor-grad.ts';
import { reverse } from './kernels/reverse.ts';
import { round } from './kernels/round.ts';
import { rsqrt } from './kernels/rsqrt.ts';
import { scatterNd } from './kernels/scatter-nd.ts';
import { searchSorted } from './kernels/search-sorted.ts';
import { select } from './kernels/select.ts';
import { selu } from './kernels/selu.ts';
import { sigmoid } from './kernels/sigmoid.ts';
import { sign } from './kernels/sign.ts';
import { sin } from './kernels/sin.ts';
import { sinh } from './kernels/sinh.ts';
import { slice } from './kernels/slice.ts';
import { softmax } from './kernels/softmax.ts';
import { softmaxCrossEntropyKernel } from './kernels/softmax-cross-entropy.ts';
import { softplus } from './kernels/softplus.ts';
import { spaceToBatchND } from './kernels/space-to-batch-nd.ts';
import { sparseToDense } from './kernels/sparse-to-dense.ts';
import { splitV } from './kernels/split-v.ts';
import { spread } from './kernels/spread.ts';
import { sqrt } from './kernels/sqrt.ts';
import { square } from './kernels/square.ts';
import { squaredDifference } from './kernels/squared-difference.ts';
import { step } from './kernels/step.ts';
import { stridedSlice } from './kernels/strided-slice.ts';
import { sub } from './kernels/sub.ts';
import { sum } from './kernels/sum.ts';
import { tan } from './kernels/tan.ts';
import { tanh } from './kernels/tanh.ts';
import { tensorScatterUpdate } from './kernels/tensor-scatter-update.ts';
import { tile } from './kernels/tile.ts';
import { topK } from './kernels/top-k.ts';
import { transpose } from './kernels/transpose.ts';
import { unique } from './kernels/unique.ts';
import { unpack } from './kernels/unpack.ts';
import { unsortedSegmentSum } from './kernels/unsorted-segment-sum.ts';
import { zerosLike } from './kernels/zeros-like.ts';

export const kernels: readonly TorchKernel[] = [
  abs,
  acos,
  acosh,
  add,
  addN,
  all,
  any,
  argMax,
  argMin,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  avgPool,
  avgPoolGrad,
  batchMatMul,
  batchNorm,
  batchNormGrad,
  batchNormKeepingY,
  batchToSpaceND,
  bincount,
  bitwiseAnd,
  cast,
  ceil,
  clipByValue,
  complex,
  complexAbs,
  concat,
  conv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  cos,
  cosh,
  cropAndResize,
  cumprod,
  cumsum,
  denseBincount,
  depthToSpace,
  depthwiseConv2dNative,
  depthwiseConv2dNativeBackpropFilter,
  depthwiseConv2dNativeBackpropInput,
  diag,
  einsum,
  elu,
  eluGrad,
  equal,
  erf,
  exp,
  expandDims,
  expm1,
  fft,
  fill,
  flipLeftRight,
  floor,
  floorDiv,
  fusedBatchNorm,
  fusedConv2d,
  fusedDepthwiseConv2d,
  fusedMatMul,
  gatherNd,
  gatherV2,
  greater,
  greaterEqual,
  identity,
  ifft,
  imag,
  infoNceKernel,
  isFiniteNumber,
  isInf,
  isNan,
  leakyRelu,
  less,
  lessEqual,
  linSpace,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  lrn,
  lrnGrad,
  matMul,
  max,
  maximum,
  maxPool,
  maxPoolGrad,
  mean,
  min,
  minimum,
  mirrorPad,
  mod,
  multinomial,
  multiply,
  neg,
  nonMaxSuppressionV3,
  nonMaxSuppressionV4,
  nonMaxSuppressionV5,
  notEqual,
  oneHot,
  onesLike,
  pack,
  padV2,
  pow,
  prelu,
  prod,
  range,
  real,
  realDiv,
  reciprocal,
  relu,
  relu6,
  reluGrad,
  reshape,
  resizeBilinear,
  resizeBilinearGrad,
  resizeNearestNeighbor,
  resizeNearestNeighborGrad,
  reverse,
  round,
  rsqrt,
  scatterNd,
  searchSorted,
  select,
  selu,
  sigmoid,
  sign,
  sin,
  sinh,
  slice,
  softmax,
  softmaxCrossEntropyKernel,
  softplus,
  spaceToBatchND,
  sparseToDense,
  splitV,
  spread,
  sqrt,
  square,
  squaredDifference,
  step,
  stridedSlice,
  sub,
  sum,
  tan,
  tanh,
  tensorScatterUpdate,
  tile,
  topK,
  transpose,
  unique,
  unpack,
  unsortedSegmentSum,
  zerosLike,
];
