// The addon as TypeScript sees it: tensors are numbers. Shapes and types are checked by the kernels
// before they call; the addon only computes.

import { createRequire } from 'node:module';
import type { Window } from './window.ts';

/** A tensor in the addon's store. */
export type Handle = number;

/** Element types by their number in the addon. */
export const dtypeIndex = { float32: 0, int32: 1, bool: 2 } as const;

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
  /** -> y, mean, variance */
  BatchNorm(
    x: Handle,
    scale: Handle,
    offset: Handle,
    epsilon: number,
    relu: boolean,
    residual?: Handle,
  ): [Handle, Handle, Handle];
  /** -> dx, dScale, dOffset, gated */
  BatchNormGrad(
    dy: Handle,
    x: Handle,
    y: Handle,
    scale: Handle,
    mean: Handle,
    variance: Handle,
    epsilon: number,
    relu: boolean,
  ): [Handle, Handle, Handle, Handle];
  /** -> mean loss, softmax */
  SoftmaxCrossEntropy(logits: Handle, labels: Handle): [Handle, Handle];
  SoftmaxCrossEntropyGrad(dy: Handle, softmax: Handle, labels: Handle): Handle;
  /** -> parameters, then velocities */
  SgdStep(
    parameters: readonly Handle[],
    gradients: readonly Handle[],
    velocities: readonly Handle[],
    lr: number,
    momentum: number,
    weightDecay: number,
  ): Handle[];
  MomentumUpdate(keys: readonly Handle[], queries: readonly Handle[], keyMomentum: number): Handle[];

  /** Copies values in; a Uint8Array makes a bool tensor. */
  fromHost(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): Handle;
  toHost(x: Handle): ArrayBuffer;
  drop(x: Handle): void;
  /** Bytes of live tensors; and of their memory: taken from the system, and in use at most so far. */
  memory(): {
    readonly tensors: number;
    readonly bytes: number;
    readonly reservedBytes: number;
    readonly peakBytes: number;
  };
  setThreads(count: number): void;
  describe(): { readonly libtorch: string; readonly cpu: string; readonly threads: number };
}

/** Loads a built addon. Throws what the system's loader says. */
export function loadAddon(file: string): TorchAddon {
  return createRequire(import.meta.url)(file) as TorchAddon;
}
