// Kernels that make numbers, move them, or take them apart.

import type { TorchKernel } from '../kernel.ts';
import { batchToSpaceND } from '../kernels/batch-to-space-nd.ts';
import { complex } from '../kernels/complex.ts';
import { complexAbs } from '../kernels/complex-abs.ts';
import { concat } from '../kernels/concat.ts';
import { depthToSpace } from '../kernels/depth-to-space.ts';
import { diag } from '../kernels/diag.ts';
import { expandDims } from '../kernels/expand-dims.ts';
import { fft } from '../kernels/fft.ts';
import { fill } from '../kernels/fill.ts';
import { flipLeftRight } from '../kernels/flip-left-right.ts';
import { gatherNd } from '../kernels/gather-nd.ts';
import { gatherV2 } from '../kernels/gather-v2.ts';
import { identity } from '../kernels/identity.ts';
import { ifft } from '../kernels/ifft.ts';
import { imag } from '../kernels/imag.ts';
import { linSpace } from '../kernels/lin-space.ts';
import { mirrorPad } from '../kernels/mirror-pad.ts';
import { oneHot } from '../kernels/one-hot.ts';
import { onesLike } from '../kernels/ones-like.ts';
import { pack } from '../kernels/pack.ts';
import { padV2 } from '../kernels/pad-v2.ts';
import { range } from '../kernels/range.ts';
import { real } from '../kernels/real.ts';
import { reshape } from '../kernels/reshape.ts';
import { reverse } from '../kernels/reverse.ts';
import { scatterNd } from '../kernels/scatter-nd.ts';
import { slice } from '../kernels/slice.ts';
import { spaceToBatchND } from '../kernels/space-to-batch-nd.ts';
import { sparseToDense } from '../kernels/sparse-to-dense.ts';
import { splitV } from '../kernels/split-v.ts';
import { spread } from '../kernels/spread.ts';
import { stridedSlice } from '../kernels/strided-slice.ts';
import { tensorScatterUpdate } from '../kernels/tensor-scatter-update.ts';
import { tile } from '../kernels/tile.ts';
import { transpose } from '../kernels/transpose.ts';
import { unpack } from '../kernels/unpack.ts';
import { zerosLike } from '../kernels/zeros-like.ts';

export const layoutKernels: readonly TorchKernel[] = [
  batchToSpaceND,
  complex,
  complexAbs,
  concat,
  depthToSpace,
  diag,
  expandDims,
  fft,
  fill,
  flipLeftRight,
  gatherNd,
  gatherV2,
  identity,
  ifft,
  imag,
  linSpace,
  mirrorPad,
  oneHot,
  onesLike,
  pack,
  padV2,
  range,
  real,
  reshape,
  reverse,
  scatterNd,
  slice,
  spaceToBatchND,
  sparseToDense,
  splitV,
  spread,
  stridedSlice,
  tensorScatterUpdate,
  tile,
  transpose,
  unpack,
  zerosLike,
];
