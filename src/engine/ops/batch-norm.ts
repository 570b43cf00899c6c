// BatchNorm (+ residual) (+ ReLU) with one hand-written gradient, instead of a tape of a dozen
// kernels. Engines supply the two passes; here are their composites of tfjs ops.
// Ioffe and Szegedy 2015 (arXiv:1502.03167), algorithm 1; the gradient in its closed form.

import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormTrainingOptions, EngineOps } from '../engine.ts';

/** Forward pass; `x` [splits, M, C] with M the pixels of a split. */
export interface BatchNormForward {
  readonly y: tf.Tensor3D;
  /** [splits, C] */
  readonly mean: tf.Tensor2D;
  /** Biased. [splits, C] */
  readonly variance: tf.Tensor2D;
}

/** Gradients of the backward pass. `gated` is dy where ReLU let it through: the residual's gradient. */
export interface BatchNormBackward {
  readonly dx: tf.Tensor3D;
  readonly dScale: tf.Tensor1D;
  readonly dOffset: tf.Tensor1D;
  readonly gated: tf.Tensor3D;
}

/** The two passes that an engine may fuse. All of x, y, dy, residual are [splits, M, C]. */
export interface BatchNormPasses {
  forward(
    x: tf.Tensor3D,
    scale: tf.Tensor1D,
    offset: tf.Tensor1D,
    options: { readonly epsilon: number; readonly relu: boolean; readonly residual: tf.Tensor3D | undefined },
  ): BatchNormForward;
  backward(
    dy: tf.Tensor3D,
    saved: {
      readonly x: tf.Tensor3D;
      readonly y: tf.Tensor3D;
      readonly scale: tf.Tensor1D;
      readonly mean: tf.Tensor2D;
      readonly variance: tf.Tensor2D;
    },
    options: { readonly epsilon: number; readonly relu: boolean },
  ): BatchNormBackward;
}

/** Both passes made of tfjs ops: any backend runs them. */
export const compositeBatchNormPasses: BatchNormPasses = {
  forward(x, scale, offset, { epsilon, relu, residual }) {
    const mean = tf.mean<tf.Tensor3D>(x, 1, true);
    const centred = tf.sub(x, mean);
    const variance = tf.mean<tf.Tensor3D>(tf.square(centred), 1, true);
    const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
    const affine = tf.add(tf.mul(normalised, scale), offset);
    const summed = residual ? tf.add(affine, residual) : affine;
    const [splits, , channels] = x.shape;
    return {
      y: (relu ? tf.relu(summed) : summed) as tf.Tensor3D,
      mean: tf.reshape(mean, [splits, channels]),
      variance: tf.reshape(variance, [splits, channels]),
    };
  },
  backward(dy, { x, y, scale, mean, variance }, { epsilon, relu }) {
    const gated = (relu ? tf.mul(dy, tf.step(y)) : tf.clone(dy)) as tf.Tensor3D;
    const inverseStd = tf.expandDims(tf.rsqrt(tf.add(variance, epsilon)), 1);
    const normalised = tf.mul(tf.sub(x, tf.expandDims(mean, 1)), inverseStd);
    const projected = tf.mul(gated, normalised);
    const meanGated = tf.mean(gated, 1, true);
    const meanProjected = tf.mean(projected, 1, true);
    const inner = tf.sub(tf.sub(gated, meanGated), tf.mul(normalised, meanProjected));
    return {
      dx: tf.mul(inner, tf.mul(inverseStd, scale)),
      dScale: tf.sum(projected, [0, 1]),
      dOffset: tf.sum(gated, [0, 1]),
      gated,
    };
  },
};

/** Builds the differentiable op out of an engine's two passes. */
export function createBatchNormTraining(passes: BatchNormPasses): EngineOps['batchNormTraining'] {
  return (x, options) => {
    const { scale, offset, residual, epsilon, relu = false, splits = 1 } = options;
    const [n, height, width, channels] = x.shape;
    const shape: [number, number, number] = [splits, (n / splits) * height * width, channels];
    let statistics: Pick<BatchNormForward, 'mean' | 'variance'> | undefined;
    const op = tf.customGrad((...args) => {
      const save = args.pop() as unknown as tf.GradSaveFunc;
      const [x4, scale1, offset1, residual4] = args as (tf.Tensor | undefined)[];
      const flat = tf.reshape(x4!, shape) as tf.Tensor3D;
      const passed = passes.forward(flat, scale1 as tf.Tensor1D, offset1 as tf.Tensor1D, {
        epsilon,
        relu,
        residual: residual4 && (tf.reshape(residual4, shape) as tf.Tensor3D),
      });
      statistics = { mean: tf.keep(passed.mean), variance: tf.keep(passed.variance) };
      save([flat, passed.y, scale1!, passed.mean, passed.variance]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedX, y, savedScale, mean, variance] = saved;
        const gradients = passes.backward(
          tf.reshape(dy, shape) as tf.Tensor3D,
          {
            x: savedX as tf.Tensor3D,
            y: y as tf.Tensor3D,
            scale: savedScale as tf.Tensor1D,
            mean: mean as tf.Tensor2D,
            variance: variance as tf.Tensor2D,
          },
          { epsilon, relu },
        );
        const inputs = [tf.reshape(gradients.dx, x.shape), gradients.dScale, gradients.dOffset];
        return residual ? [...inputs, tf.reshape(gradients.gated, x.shape)] : inputs;
      };
      return { value: tf.reshape(passed.y, x.shape), gradFunc };
    });
    const y = op(...(residual ? [x, scale, offset, residual] : [x, scale, offset])) as tf.Tensor4D;
    const released = releaseToScope(statistics!);
    if (options.running) trackStatistics(options.running, released, shape[1]);
    return { y, ...released };
  };
}

/** Moves the running statistics towards those of a batch with `count` pixels a split. */
export function trackStatistics(
  running: NonNullable<BatchNormTrainingOptions['running']>,
  { mean, variance }: Pick<BatchNormForward, 'mean' | 'variance'>,
  count: number,
): void {
  const move = (variable: tf.Variable, fresh: tf.Tensor) =>
    variable.assign(tf.add(tf.mul(variable, 1 - running.shareOfNew), tf.mul(fresh, running.shareOfNew)));
  tf.tidy(() => {
    move(running.mean, tf.mean(mean, 0));
    move(running.variance, tf.mul(tf.mean(variance, 0), count / Math.max(1, count - 1)));
  });
}

/** Eval-mode BatchNorm as one multiply-add with running statistics. Differentiable through tfjs ops. */
export const batchNormInference: EngineOps['batchNormInference'] = (x, options) => {
  const { scale, offset, mean, variance, epsilon, relu, residual } = options;
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)));
  const affine = tf.add(tf.mul(x, factor), tf.sub(offset, tf.mul(mean, factor)));
  const summed = residual ? tf.add(affine, residual) : affine;
  return (relu ? tf.relu(summed) : summed) as tf.Tensor4D;
};

/** Kept tensors become temporaries of the caller's tidy again. */
export function releaseToScope<Tensors extends { [key: string]: tf.Tensor }>(tensors: Tensors): Tensors {
  const released = Object.entries(tensors).map(([name, tensor]) => {
    const copy = tf.clone(tensor);
    tensor.kept = false;
    tensor.dispose();
    return [name, copy];
  });
  return Object.fromEntries(released) as Tensors;
}
