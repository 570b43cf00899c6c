// Every kernel of the backend; one op a file, by family.

import type { TorchKernel } from './kernel.ts';
import { elementwiseKernels } from './kernel-lists/elementwise.ts';
import { layoutKernels } from './kernel-lists/layout.ts';
import { networkKernels } from './kernel-lists/network.ts';
import { reductionKernels } from './kernel-lists/reductions.ts';

export const kernels: readonly TorchKernel[] = [
  ...elementwiseKernels,
  ...reductionKernels,
  ...layoutKernels,
  ...networkKernels,
];
