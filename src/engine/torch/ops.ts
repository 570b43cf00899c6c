// The engine operations that the addon has fused.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import { type Accumulate, addTensors, createComputeGradients } from '../ops/backward.ts';
import type { TorchBackend } from './backend.ts';
import { conv2d } from './convolution.ts';
import { batchNormGradients, batchNormTraining } from './kernels/batch-norm.ts';
import { infoNce, infoNceGradient } from './kernels/info-nce.ts';
import { linear, matMulGradient } from './kernels/mat-mul.ts';
import { softmaxCrossEntropy, softmaxCrossEntropyGradient } from './kernels/softmax-cross-entropy.ts';
import { createUpdates, type Updates } from './updates.ts';

type FusedOps = Updates &
  Pick<
    EngineOps,
    'conv2d' | 'batchNormTraining' | 'linear' | 'softmaxCrossEntropy' | 'infoNce' | 'computeGradients'
  >;

/** Registers the gradients of the fused kernels; once a process. */
export function registerFusedGradients(): void {
  for (const gradient of [
    ...batchNormGradients,
    infoNceGradient,
    matMulGradient,
    softmaxCrossEntropyGradient,
  ])
    tf.registerGradient(gradient);
}

export function createFusedOps(backend: TorchBackend): FusedOps {
  return {
    conv2d,
    batchNormTraining,
    linear,
    softmaxCrossEntropy,
    infoNce,
    computeGradients: createComputeGradients(createAccumulate(backend)),
    ...createUpdates(backend),
  };
}

/** Adds into whichever of the two nobody else shows. */
function createAccumulate(backend: TorchBackend): Accumulate {
  const addInto = (sum: tf.Tensor, term: tf.Tensor) => {
    backend.addon.AddInto(backend.handleOf(sum), backend.handleOf(term));
    term.dispose();
    return sum;
  };
  return (sum, term) => {
    if (backend.isUnshared(sum)) return addInto(sum, term);
    return backend.isUnshared(term) ? addInto(term, sum) : addTensors(sum, term);
  };
}
