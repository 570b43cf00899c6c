// BatchNorm as a layer: scale, offset and running statistics, PyTorch's way. Its momentum 0.1 is the
// share of the new value (TensorFlow's 0.9 is that of the old), and the running variance is unbiased.
// `split N` is SplitBatchNorm: in training, N parts of the batch are normalised apart, as N devices
// would (arXiv:1911.05722 §3.3 needs that for ShuffleBN); evaluation is plain.
// Differs from the CIFAR demo of the authors: parts are consecutive images, not every N-th; the batch
// is in random order, so the law is the same, and it is what N ranks do.

import type { Engine } from '../engine/engine.ts';
import type * as tf from '../engine/tf.ts';

const EPSILON = 1e-5;
const SHARE_OF_NEW = 0.1;

/** The variables of one BatchNorm layer, each [C]. */
export interface BatchNormState {
  readonly scale: tf.Variable;
  readonly offset: tf.Variable;
  readonly runningMean: tf.Variable;
  readonly runningVariance: tf.Variable;
  /** Counted by who trains: a step that an engine replays passes no layer. */
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

/** Normalises x [N, H, W, C], adds the residual, applies ReLU. x must not be used afterwards. */
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
  const { y } = engine.ops.batchNormTraining(x, {
    ...options,
    splits: mode.splits,
    running: { mean: state.runningMean, variance: state.runningVariance, shareOfNew: SHARE_OF_NEW },
    xIsSpent: true,
  });
  return y;
}
