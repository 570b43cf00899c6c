// The addon's operations of networks and their training.

import type { Handle } from './handle.ts';

type Resize = (
  x: Handle,
  size: readonly number[],
  alignCorners: boolean,
  halfPixelCenters: boolean,
) => Handle;

export interface NetworkOps {
  BatchMatMul(a: Handle, b: Handle, transposeA: boolean, transposeB: boolean): Handle;
  CropAndResize(
    x: Handle,
    boxes: Handle,
    images: Handle,
    size: readonly number[],
    bilinear: boolean,
    outside: number,
  ): Handle;
  Einsum(equation: string, operands: readonly Handle[]): Handle;
  FusedBatchNorm(
    x: Handle,
    mean: Handle,
    variance: Handle,
    offset: Handle,
    scale: Handle,
    epsilon: number,
  ): Handle;
  LRN(x: Handle, radius: number, bias: number, alpha: number, beta: number): Handle;
  LRNGrad(
    dy: Handle,
    x: Handle,
    y: Handle,
    radius: number,
    bias: number,
    alpha: number,
    beta: number,
  ): Handle;
  ResizeBilinear: Resize;
  ResizeBilinearGrad: Resize;
  ResizeNearestNeighbor: Resize;
  ResizeNearestNeighborGrad: Resize;
  Softmax(x: Handle, axis: number): Handle;
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
  /** -> mean loss, its gradient */
  SoftmaxCrossEntropy(logits: Handle, labels: Handle): [Handle, Handle];
  /** -> mean loss, its gradient by q, ranks */
  InfoNce(q: Handle, k: Handle, queue: Handle, temperature: number): [Handle, Handle, Handle];
}

/**
 * These overwrite their first argument (SgdStep also the velocities): see `findShared`. Learning rate and pointer are
 * scalars, because a recorded step reads them anew.
 */
export interface Updates {
  SgdStep(
    parameters: readonly Handle[],
    gradients: readonly Handle[],
    velocities: readonly Handle[],
    lr: Handle,
    momentum: number,
    weightDecay: number,
  ): void;
  MomentumUpdate(keys: readonly Handle[], queries: readonly Handle[], keyMomentum: number): void;
  QueueUpdate(queue: Handle, keys: Handle, pointer: Handle): void;
  AddInto(sum: Handle, term: Handle): void;
  CopyInto(to: Handle, from: Handle): void;
}
