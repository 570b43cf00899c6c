// BatchNorm's two passes as kernels of the backend, for engines that have them fused.

import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormPasses } from './batch-norm.ts';

/** Inputs x, scale, offset, residual?; attributes epsilon, relu; outputs y, mean, variance. */
export const BATCH_NORM = 'MocolabBatchNorm';
/** Inputs dy, x, y, scale, mean, variance; attributes epsilon, relu; outputs dx, dScale, dOffset, gated. */
export const BATCH_NORM_GRAD = 'MocolabBatchNormGrad';

export const kernelBatchNormPasses: BatchNormPasses = {
  forward(x, scale, offset, { epsilon, relu, residual }) {
    const inputs: tf.NamedTensorMap = residual ? { x, scale, offset, residual } : { x, scale, offset };
    const [y, mean, variance] = runKernel(BATCH_NORM, inputs, { epsilon, relu });
    return { y: y as tf.Tensor3D, mean: mean as tf.Tensor2D, variance: variance as tf.Tensor2D };
  },
  backward(dy, { x, y, scale, mean, variance }, { epsilon, relu }) {
    const inputs = { dy, x, y, scale, mean, variance };
    const [dx, dScale, dOffset, gated] = runKernel(BATCH_NORM_GRAD, inputs, { epsilon, relu });
    return {
      dx: dx as tf.Tensor3D,
      dScale: dScale as tf.Tensor1D,
      dOffset: dOffset as tf.Tensor1D,
      gated: gated as tf.Tensor3D,
    };
  },
};

function runKernel(name: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap): tf.Tensor[] {
  return tf.engine().runKernel(name, inputs, attrs) as unknown as tf.Tensor[];
}
