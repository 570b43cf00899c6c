// Every engine operation made of stock tfjs kernels. An engine starts from these and replaces
// what it can do faster.

import type { EngineOps } from './engine.ts';
import { batchNormInference, compositeBatchNormPasses, createBatchNormTraining } from './ops/batch-norm.ts';
import { conv2d, linear, maxPool } from './ops/conv.ts';
import { softmaxCrossEntropy } from './ops/softmax-cross-entropy.ts';
import { computeGradients, momentumUpdate, sgdStep } from './ops/update.ts';

export const compositeOps: EngineOps = {
  conv2d,
  maxPool,
  linear,
  batchNormTraining: createBatchNormTraining(compositeBatchNormPasses),
  batchNormInference,
  softmaxCrossEntropy,
  computeGradients,
  sgdStep,
  momentumUpdate,
};
