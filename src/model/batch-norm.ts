// BatchNorm as a layer: scale, offset and running statistics, PyTorch's way. Its momentum 0.1 is the
// share of the new value (TensorFlow's 0.9 is that of the old), and the running variance is unbiased.
// `split N` is SplitBatchNorm: in training, N parts of the batch are normalised apart, as N devices
// would (arXiv:1911.05722 §3.3 needs that for ShuffleBN); evaluation is plain.
// Differs from the CIFAR demo of the authors: parts are consecutive images, not every N-th; the batch
// is in random order, so the law is the same, and it is what N ranks do.

import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';

const EPSILON = 1e-5;
const SHARE_OF_NEW = 0.1;

/** The variables of one BatchNorm layer, each [C]. */
export interface BatchNormState {
  readonly scale: tf.Variable;
  readonly offset: tf.Variable;
  readonly runningMean: tf.Variable;
  readonly runningVariance: tf.Variable;
  batchesTracked: number;
}

/** How a forward pass runs through BatchNorm. */
export interface NormMode {
  /** Batch statistics, and running ones updated; or running ones used. */
  readonly training: boolean;
  readonly splits: number;
}

/** What follows inside the same operation. */
export interface NormTail {
  readonly relu: boolean;
  readonly residual?: tf.Tensor4D;
}

/** Number of parts of `plain` or `split N`. */
export function parseSplits(bn: string): number {
  return bn === 'plain' ? 1 : Number(bn.slice('split '.length));
}

/** Normalises x [N, H, W, C], adds the residual, applies ReLU. */
export function applyBatchNorm(
  engine: Engine,
  x: tf.Tensor4D,
  { state, mode, tail }: { readonly state: BatchNormState; readonly mode: NormMode; readonly tail: NormTail },
): tf.Tensor4D {
  const options = {
    scale: state.scale as unknown as tf.Tensor1D,
    offset: state.offset as unknown as tf.Tensor1D,
    epsilon: EPSILON,
    relu: tail.relu,
    ...(tail.residual ? { residual: tail.residual } : {}),
  };
  if (!mode.training) {
    const mean = state.runningMean as unknown as tf.Tensor1D;
    const variance = state.runningVariance as unknown as tf.Tensor1D;
    return engine.ops.batchNormInference(x, { ...options, mean, variance });
  }
  const { y, mean, variance } = engine.ops.batchNormTraining(x, { ...options, splits: mode.splits });
  const [n, height, width] = x.shape;
  const count = (n / mode.splits) * height * width;
  track(state.runningMean, tf.mean(mean, 0));
  track(state.runningVariance, tf.mul(tf.mean(variance, 0), count / Math.max(1, count - 1)));
  state.batchesTracked++;
  return y;
}

function track(running: tf.Variable, fresh: tf.Tensor): void {
  running.assign(tf.add(tf.mul(running, 1 - SHARE_OF_NEW), tf.mul(fresh, SHARE_OF_NEW)));
}
