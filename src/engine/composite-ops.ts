// Every engine operation made of stock tfjs kernels. An engine starts from these and replaces
// what it can do faster.

import type { EngineOps } from './engine.ts';
import { addTensors, createComputeGradients } from './ops/backward.ts';
import { batchNormInference, compositeBatchNormPasses, createBatchNormTraining } from './ops/batch-norm.ts';
import { conv2d, linear, maxPool } from './ops/conv.ts';
import { infoNce } from './ops/info-nce.ts';
import { softmaxCrossEntropy } from './ops/softmax-cross-entropy.ts';
import { momentumUpdate, sgdStep, updateQueue } from './ops/update.ts';

export const compositeOps: EngineOps = {
  conv2d,
  maxPool,
  linear,
  batchNormTraining: createBatchNormTraining(compositeBatchNormPasses),
  batchNormInference,
  softmaxCrossEntropy,
  infoNce,
  computeGradients: createComputeGradients(addTensors),
  sgdStep,
  momentumUpdate,
  updateQueue,
};
