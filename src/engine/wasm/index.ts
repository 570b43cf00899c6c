// The engine `wasm`: tfjs's WebAssembly backend (XNNPACK with SIMD, one thread), with the
// kernels it lacks or is slow at in TypeScript over its heap. Runs wherever Node runs.

import { version_wasm } from '@tensorflow/tfjs-backend-wasm';
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
import { registerFilterGradient } from './conv-backprop-filter.ts';
import { registerInputGradient } from './conv-backprop-input.ts';
import { registerGather } from './gather-rows.ts';
import { openHeap } from './heap.ts';

/** Makes the wasm backend current and registers our kernels. Throws where WebAssembly can't start. */
export async function createWasmEngine(): Promise<Engine> {
  if (!(await tf.setBackend('wasm'))) throw new Error('The WebAssembly backend did not start.');
  registerFilterGradient();
  registerInputGradient();
  registerArrayKernels('wasm', openHeap, { ...batchNormKernels, ...maxPoolGradKernels, ...updateKernels });
  registerGather();
  return {
    name: 'wasm',
    description: {
      name: 'wasm',
      tfjs: tf.version_core,
      backend: version_wasm,
      simd: (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true,
      threads: 1,
    },
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
