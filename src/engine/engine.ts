// The small interface over TensorFlow.js that training is written against. An engine is a
// tfjs backend plus the few named operations that a native engine wants to fuse; each has a
// composite fallback (composite-ops.ts), so that a new engine starts by overriding nothing.

import type { Json } from '../core/hash.ts';
import type { Capture } from './capture.ts';
import type { NativeRanks } from './collectives/native-ranks.ts';
import type { Scalar, Tensor1D, Tensor2D, Tensor4D, Variable } from './tf.ts';

export type ConcreteEngineName = 'cpu' | 'wasm' | 'torch' | 'tensorflow';

/** Thrown by an engine that was never installed here: no fault, so that `auto` passes it over in silence. */
export class EngineNotInstalled extends Error {
  override readonly name = 'EngineNotInstalled';
}

/**
 * How numbers are kept on their way through the network. `tf32` is a permission, as in PyTorch: GPUs may round
 * the factors of convolutions and matrix products, CPUs compute as in `fp32`. `bf16`: activations and
 * convolutions in bfloat16; weights, statistics, loss and updates stay float32.
 */
export type Precision = 'fp32' | 'tf32' | 'bf16';

/** A ready engine. One a process; its backend is the current tfjs backend. */
export interface Engine {
  readonly name: ConcreteEngineName;
  /** Versions, SIMD, threads: what a record keeps. */
  readonly description: { readonly [key: string]: Json };
  readonly ops: EngineOps;
  /** A step to run again and again. On an NVIDIA GPU torch records it as a CUDA graph; elsewhere it runs as it is. */
  readonly capture: Capture;
  /** Live tensors and bytes; level over steps. */
  memory(): { readonly tensors: number; readonly bytes: number };
  /** Ways of a native engine to exchange tensors between processes. */
  readonly ranks?: NativeRanks;
  /** What only a native engine can tell. */
  readonly native?: NativeMeter;
}

/** Memory and times of a native engine, for benchmarks. */
export interface NativeMeter {
  /** Bytes of tensors: taken from the system, in use now, and in use at most since `startPeak`. */
  memory(): { readonly reservedBytes: number; readonly liveBytes: number; readonly peakBytes: number };
  startPeak(): void;
  /** Counts calls and milliseconds of every native function from zero. */
  startProfile(): void;
  stopProfile(): { readonly [name: string]: { readonly calls: number; readonly ms: number } };
}

/** The operations that engines may replace by fused kernels. All tensors NHWC / HWIO, float32. */
export interface EngineOps {
  /**
   * Convolution with PyTorch's explicit padding: `padding` on every side. Differentiable.
   *
   * @param x       images   [N, H, W, C]
   * @param filter  filters  [kh, kw, C / groups, K]
   * @returns [N, floor((H + 2 padding - kh) / stride) + 1, ..., K]
   */
  conv2d(x: Tensor4D, filter: Tensor4D, options: ConvOptions): Tensor4D;
  /** Max-pooling with PyTorch's explicit padding (-infinity outside). Differentiable. */
  maxPool(
    x: Tensor4D,
    options: { readonly size: number; readonly stride: number; readonly padding: number },
  ): Tensor4D;
  /**
   * Training-mode BatchNorm over N, H, W (+ residual) (+ ReLU). Differentiable in x, scale, offset, residual.
   * `splits` > 1 is SplitBatchNorm: statistics apart for each consecutive N / splits images.
   * Also returns, without gradient, per split the mean and the biased variance of the batch [splits, C].
   * Shape of x: [N, H, W, C].
   */
  batchNormTraining(
    x: Tensor4D,
    options: BatchNormTrainingOptions,
  ): { readonly y: Tensor4D; readonly mean: Tensor2D; readonly variance: Tensor2D };
  /** Eval-mode BatchNorm with running statistics (+ residual) (+ ReLU). */
  batchNormInference(
    x: Tensor4D,
    options: BatchNormOptions & { readonly mean: Tensor1D; readonly variance: Tensor1D },
  ): Tensor4D;
  /** `x [N, I] @ weight [I, O] (+ bias [O])`. Differentiable. */
  linear(x: Tensor2D, weight: Tensor2D, bias?: Tensor1D): Tensor2D;
  /**
   * Mean cross-entropy of logits [N, M] against class indices [N] (int32). Differentiable in logits.
   */
  softmaxCrossEntropy(logits: Tensor2D, labels: Tensor1D): Scalar;
  /**
   * InfoNCE: per query a classification of its key against K queued negatives, cross-entropy, mean.
   * MoCo v1 §3.1 eq. 1 (arXiv:1911.05722). Differentiable in q.
   *
   * @param q           queries    [N, C]
   * @param k           their keys [N, C]
   * @param queue       negatives  [C, K]
   * @param temperature > 0
   * @returns the loss, and per query how many negatives have a larger logit than its key [N] (int32; more than
   *   K where the key's is NaN)
   */
  infoNce(input: {
    readonly q: Tensor2D;
    readonly k: Tensor2D;
    readonly queue: Tensor2D;
    readonly temperature: number;
  }): { readonly loss: Scalar; readonly rank: Tensor1D };
  /**
   * Value and gradients of `loss` with respect to `parameters`, in their order. The caller disposes them.
   * `onGradient` hears of each gradient as soon as nothing more is added to it, while the backward pass goes on.
   */
  computeGradients(
    loss: () => Scalar,
    parameters: readonly Variable[],
    onGradient?: (index: number, gradient: import('./tf.ts').Tensor) => void,
  ): { readonly loss: Scalar; readonly gradients: readonly import('./tf.ts').Tensor[] };
  /**
   * PyTorch's SGD, in place: v = momentum v + (g + weightDecay p); p -= lr v. First step: v = g + weightDecay p.
   * `lr` may be a float32 scalar, so that a captured step reads it anew.
   */
  sgdStep(
    parameters: readonly Variable[],
    gradients: readonly import('./tf.ts').Tensor[],
    velocities: readonly Variable[],
    options: { readonly lr: number | Scalar; readonly momentum: number; readonly weightDecay: number },
  ): void;
  /** In place: key = keyMomentum key + (1 - keyMomentum) query. MoCo v1 §3.2 eq. 2. */
  momentumUpdate(keys: readonly Variable[], queries: readonly Variable[], keyMomentum: number): void;
  /**
   * In place: the columns of `queue` [C, K] from `pointer` on become `keys` [N, C]. They must not go over its end.
   * `pointer` may be an int32 scalar.
   */
  updateQueue(queue: Variable, keys: Tensor2D, pointer: number | Scalar): void;
}

export interface ConvOptions {
  readonly stride: number;
  readonly padding: number;
  readonly groups?: number;
}

export interface BatchNormOptions {
  readonly scale: Tensor1D;
  readonly offset: Tensor1D;
  readonly epsilon: number;
  readonly relu?: boolean;
  readonly residual?: Tensor4D;
}

export interface BatchNormTrainingOptions extends BatchNormOptions {
  readonly splits?: number;
  /** Running statistics [C], moved towards the batch's: the mean over the splits, the variance unbiased. */
  readonly running?: {
    readonly mean: Variable;
    readonly variance: Variable;
    /** Share of the new value; PyTorch's momentum. */
    readonly shareOfNew: number;
  };
  /** Nobody uses x afterwards: where no tape runs, y may take its memory. */
  readonly xIsSpent?: boolean;
}
