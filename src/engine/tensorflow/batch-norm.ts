// Training-mode BatchNorm by TensorFlow's fused ops, FusedBatchNormV3 and its gradient, with residual and ReLU
// in the same node of the tape. The forward op moves the running statistics too: its `exponential_avg_factor` is
// the share of the new value, and its variance is unbiased, both as in PyTorch.

import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormTrainingOptions, EngineOps } from '../engine.ts';
import { RELU_GRAD } from '../gradients.ts';
import { releaseToScope, trackStatistics } from '../ops/batch-norm.ts';
import { type Attribute, createAttributes, type NodeBackend } from './native.ts';

/** What the forward op gives for a split, and the backward op wants again. */
interface Pass {
  readonly y: tf.Tensor4D;
  /** The batch's mean; the batch's biased variance on CPUs, the inverse of its standard deviation on GPUs. */
  readonly reserved: readonly [tf.Tensor1D, tf.Tensor1D, tf.Tensor];
}

export function createBatchNorm(backend: NodeBackend): EngineOps['batchNormTraining'] {
  const run = createPasses(backend);
  return (x, options) => {
    const { scale, offset, residual, relu = false, splits = 1 } = options;
    let statistics: { readonly mean: tf.Tensor2D; readonly variance: tf.Tensor2D } | undefined;
    const op = tf.customGrad((...args) => {
      const save = args.pop() as unknown as tf.GradSaveFunc;
      const parts = split(args[0] as tf.Tensor4D, splits);
      const passes = parts.map((part) => run.forward(part, options));
      const normalised = join(passes.map(({ y }) => y));
      const summed = residual ? tf.add(normalised, args[3] as tf.Tensor) : normalised;
      const y = relu ? tf.relu(summed) : summed;
      const mean = tf.stack(passes.map(({ reserved }) => reserved[0])) as tf.Tensor2D; // [splits, C]
      const variance = tf.stack(
        passes.map(({ reserved }) => run.varianceOf(reserved, options)),
      ) as tf.Tensor2D;
      statistics = { mean: tf.keep(mean), variance: tf.keep(variance) };
      save([args[0] as tf.Tensor, args[1] as tf.Tensor, y, ...passes.flatMap(({ reserved }) => reserved)]);
      const gradFunc = (dy: tf.Tensor, [savedX, savedScale, savedY, ...reserved]: tf.Tensor[]) => {
        const gated = relu ? runKernel(RELU_GRAD, { dy, y: savedY! }) : dy;
        const xs = split(savedX as tf.Tensor4D, splits);
        const gradients = split(gated as tf.Tensor4D, splits).map((part, i) =>
          run.backward(part, [xs[i]!, savedScale!, ...reserved.slice(3 * i, 3 * i + 3)], options),
        );
        const own = [
          join(gradients.map(({ dx }) => dx)),
          tf.addN(gradients.map(({ dScale }) => dScale)),
          tf.addN(gradients.map(({ dOffset }) => dOffset)),
        ];
        return residual ? [...own, gated] : own;
      };
      return { value: y, gradFunc };
    });
    const y = op(...(residual ? [x, scale, offset, residual] : [x, scale, offset])) as tf.Tensor4D;
    const released = releaseToScope(statistics!);
    // One split has moved them already.
    if (options.running && splits > 1)
      trackStatistics(options.running, released, x.size / x.shape[3] / splits);
    return { y, ...released };
  };
}

function createPasses(backend: NodeBackend) {
  const attributes = createAttributes(backend.binding);
  const common = ({ epsilon }: BatchNormTrainingOptions): Attribute[] => [
    attributes.float32('T'),
    attributes.float32('U'),
    attributes.float('epsilon', epsilon),
    attributes.text('data_format', 'NHWC'),
    attributes.bool('is_training', true),
  ];
  return {
    /** Moves the running statistics where the whole batch is one split. */
    forward(x: tf.Tensor4D, options: BatchNormTrainingOptions): Pass {
      const { scale, offset, running, splits = 1 } = options;
      const moved = splits === 1 ? running : undefined;
      const before = moved ? [moved.mean, moved.variance] : [tf.tensor1d([]), tf.tensor1d([])];
      const [y, mean, variance, ...reserved] = backend.executeMultipleOutputs(
        'FusedBatchNormV3',
        [...common(options), attributes.float('exponential_avg_factor', moved?.shareOfNew ?? 1)],
        [x, scale, offset, ...before],
        6,
      );
      moved?.mean.assign(mean as tf.Tensor);
      moved?.variance.assign(variance as tf.Tensor);
      return { y: y as tf.Tensor4D, reserved: reserved as unknown as Pass['reserved'] };
    },
    backward(dy: tf.Tensor, saved: readonly tf.Tensor[], options: BatchNormTrainingOptions) {
      const [dx, dScale, dOffset] = backend.executeMultipleOutputs(
        'FusedBatchNormGradV3',
        common(options),
        [dy, ...saved],
        5,
      );
      return { dx: dx as tf.Tensor4D, dScale: dScale!, dOffset: dOffset! };
    },
    varianceOf([, second]: Pass['reserved'], { epsilon }: BatchNormTrainingOptions): tf.Tensor {
      if (!backend.binding.isUsingGpuDevice()) return second;
      return tf.sub(tf.reciprocal(tf.square(second)), epsilon);
    },
  };
}

/** Consecutive parts of the batch. */
function split(x: tf.Tensor4D, splits: number): tf.Tensor4D[] {
  return splits === 1 ? [x] : (tf.split(x, splits) as tf.Tensor4D[]);
}

function join(parts: readonly tf.Tensor4D[]): tf.Tensor4D {
  return parts.length === 1 ? parts[0]! : (tf.concat([...parts], 0) as tf.Tensor4D);
}

function runKernel(name: string, inputs: tf.NamedTensorMap): tf.Tensor {
  return tf.engine().runKernel(name, inputs) as tf.Tensor;
}
