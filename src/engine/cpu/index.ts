// The engine `cpu`: tfjs's plain JavaScript backend, with the heavy operations as loops over its arrays that sum
// in float64. The reference the others are tested against; slower than they are.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { registerArrayKernels } from '../arrays/array-kernel.ts';
import { batchNormKernels } from '../arrays/batch-norm.ts';
import { maxPoolGradKernels } from '../arrays/max-pool-grad.ts';
import { arrayMomentumUpdate, arraySgdStep, updateKernels } from '../arrays/updates.ts';
import { captureNothing } from '../capture.ts';
import { compositeOps } from '../composite-ops.ts';
import type { Engine } from '../engine.ts';
import { createBatchNormTraining } from '../ops/batch-norm.ts';
import { kernelBatchNormPasses } from '../ops/kernel-batch-norm.ts';
import { openArrays } from './arrays.ts';
import { registerConvolutions } from './convolution.ts';

/** Makes the cpu backend current and registers our kernels. */
export async function createCpuEngine(): Promise<Engine> {
  await tf.setBackend('cpu');
  registerConvolutions();
  registerArrayKernels('cpu', openArrays, { ...batchNormKernels, ...maxPoolGradKernels, ...updateKernels });
  return {
    name: 'cpu',
    description: { name: 'cpu', tfjs: tf.version_core, threads: 1 },
    ops: {
      ...compositeOps,
      batchNormTraining: createBatchNormTraining(kernelBatchNormPasses),
      sgdStep: arraySgdStep,
      momentumUpdate: arrayMomentumUpdate,
    },
    capture: captureNothing,
    memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
  };
}
