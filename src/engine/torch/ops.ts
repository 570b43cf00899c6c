// The engine operations that the addon has fused, and updates in place: a variable's memory is overwritten
// where nothing else shows it (tfjs shares data between a tensor and its clones), else copied first.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import { type Accumulate, addTensors, createComputeGradients } from '../ops/backward.ts';
import type { TorchBackend } from './backend.ts';
import { conv2d } from './convolution.ts';
import { batchNormGradients, batchNormTraining } from './kernels/batch-norm.ts';
import { infoNce, infoNceGradient } from './kernels/info-nce.ts';
import { linear, matMulGradient } from './kernels/mat-mul.ts';
import { softmaxCrossEntropy, softmaxCrossEntropyGradient } from './kernels/softmax-cross-entropy.ts';

type FusedOps = Pick<
  EngineOps,
  | 'conv2d'
  | 'batchNormTraining'
  | 'linear'
  | 'softmaxCrossEntropy'
  | 'infoNce'
  | 'computeGradients'
  | 'sgdStep'
  | 'momentumUpdate'
  | 'updateQueue'
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
  const { addon } = backend;
  const handles = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => backend.handleOf(tensor));
  return {
    conv2d,
    batchNormTraining,
    linear,
    softmaxCrossEntropy,
    infoNce,
    computeGradients: createComputeGradients(createAccumulate(backend)),
    sgdStep: (parameters, gradients, velocities, { lr, momentum, weightDecay }) => {
      const [p, v] = [backend.ownHandles(parameters), backend.ownHandles(velocities)];
      addon.SgdStep(p, handles(gradients), v, lr, momentum, weightDecay);
    },
    momentumUpdate: (keys, queries, keyMomentum) => {
      addon.MomentumUpdate(backend.ownHandles(keys), handles(queries), keyMomentum);
    },
    updateQueue: (queue, keys, pointer) => {
      addon.QueueUpdate(backend.ownHandles([queue])[0]!, backend.handleOf(keys), pointer);
    },
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
