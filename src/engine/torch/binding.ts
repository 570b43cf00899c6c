// The addon as TypeScript sees it: tensors are numbers. Shapes and types are checked by the kernels
// before they call; the addon only computes.

import { createRequire } from 'node:module';
import type { Window } from './window.ts';

/** A tensor in the addon's store. */
export type Handle = number;

/** Element types by their number in the addon. */
export const dtypeIndex = { float32: 0, int32: 1, bool: 2 } as const;

/** What a function of the addon took. */
export interface OpTime {
  readonly calls: number;
  readonly ms: number;
}

export interface TorchAddon {
  Add(a: Handle, b: Handle): Handle;
  Sub(a: Handle, b: Handle): Handle;
  Multiply(a: Handle, b: Handle): Handle;
  RealDiv(a: Handle, b: Handle): Handle;
  Neg(x: Handle): Handle;
  Relu(x: Handle): Handle;
  Step(x: Handle): Handle;
  Square(x: Handle): Handle;
  Sqrt(x: Handle): Handle;
  Rsqrt(x: Handle): Handle;
  Exp(x: Handle): Handle;
  Log(x: Handle): Handle;
  Sum(x: Handle, axes: readonly number[], keepDims: boolean): Handle;
  Mean(x: Handle, axes: readonly number[], keepDims: boolean): Handle;
  Max(x: Handle, axes: readonly number[], keepDims: boolean): Handle;
  Reshape(x: Handle, shape: readonly number[]): Handle;
  Transpose(x: Handle, permutation: readonly number[]): Handle;
  Slice(x: Handle, begin: readonly number[], size: readonly number[]): Handle;
  /** `around`: before and after of each axis. */
  PadV2(x: Handle, around: readonly number[], value: number): Handle;
  Concat(parts: readonly Handle[], axis: number): Handle;
  GatherV2(x: Handle, indices: Handle, axis: number): Handle;
  Cast(x: Handle, dtype: number): Handle;
  Fill(shape: readonly number[], value: number, dtype: number): Handle;
  OneHot(indices: Handle, depth: number, on: number, off: number): Handle;
  MatMul(a: Handle, b: Handle, transposeA: boolean, transposeB: boolean): Handle;
  /** `window` is what Window.pack gives. */
  Conv2D(x: Handle, filter: Handle, window: readonly number[]): Handle;
  Conv2DBackpropInput(
    dy: Handle,
    filter: Handle,
    window: readonly number[],
    shape: readonly number[],
  ): Handle;
  Conv2DBackpropFilter(x: Handle, dy: Handle, window: readonly number[], shape: readonly number[]): Handle;
  MaxPool(x: Handle, window: readonly number[]): Handle;
  MaxPoolGrad(dy: Handle, x: Handle, y: Handle, window: readonly number[]): Handle;
  AvgPool(x: Handle, window: readonly number[]): Handle;
  AvgPoolGrad(dy: Handle, window: readonly number[], shape: readonly number[]): Handle;
  /** -> y, mean, variance. Moves the running statistics in place. */
  BatchNorm(
    x: Handle,
    scale: Handle,
    offset: Handle,
    epsilon: number,
    relu: boolean,
    splits: number,
    xIsSpent: boolean,
    residual?: Handle,
    runningMean?: Handle,
    runningVariance?: Handle,
    shareOfNew?: number,
  ): [Handle, Handle, Handle];
  /** -> dx, dScale, dOffset, gated */
  BatchNormGrad(
    dy: Handle,
    x: Handle,
    y: Handle | undefined,
    scale: Handle,
    offset: Handle,
    mean: Handle,
    variance: Handle,
    epsilon: number,
    relu: boolean,
    dyIsSpent: boolean,
    xIsSpent: boolean,
  ): [Handle, Handle, Handle, Handle];
  ReluGrad(dy: Handle, y: Handle, dyIsSpent: boolean): Handle;
  Spread(dy: Handle, kept: readonly number[], shape: readonly number[], factor: number): Handle;
  Copy(x: Handle): Handle;
  /** -> mean loss, its gradient */
  SoftmaxCrossEntropy(logits: Handle, labels: Handle): [Handle, Handle];
  /** -> mean loss, its gradient by q, ranks */
  InfoNce(q: Handle, k: Handle, queue: Handle, temperature: number): [Handle, Handle, Handle];

  // These overwrite their first argument (SgdStep also the velocities): see `findShared`.
  SgdStep(
    parameters: readonly Handle[],
    gradients: readonly Handle[],
    velocities: readonly Handle[],
    lr: number,
    momentum: number,
    weightDecay: number,
  ): void;
  MomentumUpdate(keys: readonly Handle[], queries: readonly Handle[], keyMomentum: number): void;
  QueueUpdate(queue: Handle, keys: Handle, pointer: number): void;
  AddInto(sum: Handle, term: Handle): void;

  /** Copies values in; a Uint8Array makes a bool tensor. */
  fromHost(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): Handle;
  toHost(x: Handle): ArrayBuffer;
  drop(x: Handle): void;
  /**
   * Bytes of live tensors, views counted like the rest; and of their memory: taken from the system, in use
   * now, and in use at most since `startPeak`.
   */
  memory(): {
    readonly tensors: number;
    readonly bytes: number;
    readonly reservedBytes: number;
    readonly liveBytes: number;
    readonly peakBytes: number;
  };
  startPeak(): void;
  /** Places in the list of the handles whose memory another handle shows too: these must not be overwritten. */
  findShared(handles: readonly Handle[]): number[];
  /** `true` counts calls and milliseconds of every function from zero; `false` ends that and tells them. */
  profile(on: true): void;
  profile(on: false): { readonly [name: string]: OpTime };
  setThreads(count: number): void;
  describe(): { readonly libtorch: string; readonly cpu: string; readonly threads: number };
}

/** Loads a built addon. Throws what the system's loader says. */
export function loadAddon(file: string): TorchAddon {
  return createRequire(import.meta.url)(file) as TorchAddon;
}
