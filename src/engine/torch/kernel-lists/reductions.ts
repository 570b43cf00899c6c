// Kernels that sum up, count, choose or sort.

import type { TorchKernel } from '../kernel.ts';
import { all } from '../kernels/all.ts';
import { any } from '../kernels/any.ts';
import { argMax } from '../kernels/arg-max.ts';
import { argMin } from '../kernels/arg-min.ts';
import { bincount } from '../kernels/bincount.ts';
import { cumprod } from '../kernels/cumprod.ts';
import { cumsum } from '../kernels/cumsum.ts';
import { denseBincount } from '../kernels/dense-bincount.ts';
import { max } from '../kernels/max.ts';
import { mean } from '../kernels/mean.ts';
import { min } from '../kernels/min.ts';
import { multinomial } from '../kernels/multinomial.ts';
import { nonMaxSuppressionV3 } from '../kernels/non-max-suppression-v3.ts';
import { nonMaxSuppressionV4 } from '../kernels/non-max-suppression-v4.ts';
import { nonMaxSuppressionV5 } from '../kernels/non-max-suppression-v5.ts';
import { prod } from '../kernels/prod.ts';
import { searchSorted } from '../kernels/search-sorted.ts';
import { softmax } from '../kernels/softmax.ts';
import { sum } from '../kernels/sum.ts';
import { topK } from '../kernels/top-k.ts';
import { unique } from '../kernels/unique.ts';
import { unsortedSegmentSum } from '../kernels/unsorted-segment-sum.ts';

export const reductionKernels: readonly TorchKernel[] = [
  all,
  any,
  argMax,
  argMin,
  bincount,
  cumprod,
  cumsum,
  denseBincount,
  max,
  mean,
  min,
  multinomial,
  nonMaxSuppressionV3,
  nonMaxSuppressionV4,
  nonMaxSuppressionV5,
  prod,
  searchSorted,
  softmax,
  sum,
  topK,
  unique,
  unsortedSegmentSum,
];
