// The addon as TypeScript sees it: tensors are numbers. Shapes and types are checked by the kernels
// before they call; the addon only computes.

import { createRequire } from 'node:module';

/** A tensor in the addon's store. */
export type Handle = number;

/** Element types by their number in the addon. */
const dtypeNumbers = { float32: 0, int32: 1, bool: 2, complex64: 3 } as const;

/** What a function of the addon took. */
export interface OpTime {
  readonly calls: number;
  readonly ms: number;
}

/** The number of an element type; throws for one that the engine doesn't hold. */
export function dtypeNumber(dtype: string): number {
  if (dtype in dtypeNumbers) return dtypeNumbers[dtype as keyof typeof dtypeNumbers];
  throw new Error(`the torch engine holds ${Object.keys(dtypeNumbers).join(', ')}, not ${dtype}`);
}

/** One tensor -> one of its shape. */
export interface UnaryOps
  extends Record<
    | 'Abs'
    | 'Acos'
    | 'Acosh'
    | 'Asin'
    | 'Asinh'
    | 'Atan'
    | 'Atanh'
    | 'Ceil'
    | 'ComplexAbs'
    | 'Cos'
    | 'Cosh'
    | 'Elu'
    | 'Erf'
    | 'Exp'
    | 'Expm1'
    | 'Floor'
    | 'Imag'
    | 'IsFinite'
    | 'IsInf'
    | 'IsNan'
    | 'Log'
    | 'Log1p'
    | 'LogicalNot'
    | 'Neg'
    | 'Real'
    | 'Reciprocal'
    | 'Relu'
    | 'Relu6'
    | 'Round'
    | 'Rsqrt'
    | 'Selu'
    | 'Sigmoid'
    | 'Sign'
    | 'Sin'
    | 'Sinh'
    | 'Softplus'
    | 'Sqrt'
    | 'Square'
    | 'Tan'
    | 'Tanh',
    (x: Handle) => Handle
  > {}

/** Two tensors that broadcast. */
export interface BinaryOps
  extends Record<
    | 'Add'
    | 'Atan2'
    | 'BitwiseAnd'
    | 'Equal'
    | 'FloorDiv'
    | 'Greater'
    | 'GreaterEqual'
    | 'Less'
    | 'LessEqual'
    | 'LogicalAnd'
    | 'LogicalOr'
    | 'Maximum'
    | 'Minimum'
    | 'Mod'
    | 'Multiply'
    | 'NotEqual'
    | 'Pow'
    | 'RealDiv'
    | 'SquaredDifference'
    | 'Sub',
    (a: Handle, b: Handle) => Handle
  > {}

/** At least one axis. */
export interface ReductionOps
  extends Record<
    'All' | 'Any' | 'Max' | 'Mean' | 'Min' | 'Prod' | 'Sum',
    (x: Handle, axes: readonly number[], keepDims: boolean) => Handle
  > {}

/** One tensor and lists that say where its numbers go. */
type Place = (x: Handle, ...lists: (readonly number[])[]) => Handle;

export interface TorchAddon extends UnaryOps, BinaryOps, ReductionOps {
  AddN(parts: readonly Handle[]): Handle;
  ArgMax(x: Handle, axis: number): Handle;
  ArgMin(x: Handle, axis: number): Handle;
  BatchMatMul(a: Handle, b: Handle, transposeA: boolean, transposeB: boolean): Handle;
  /** Blocks, permutation, shape, then begin and size of the crop. */
  BatchToSpaceND: Place;
  Bincount(x: Handle, weights: Handle, size: number, binary: boolean): Handle;
  ClipByValue(x: Handle, lowest: number, highest: number): Handle;
  Complex(real: Handle, imag: Handle): Handle;
  CropAndResize(
    x: Handle,
    boxes: Handle,
    images: Handle,
    size: readonly number[],
    bilinear: boolean,
    outside: number,
  ): Handle;
  Cumprod(x: Handle, axis: number, exclusive: boolean, reverse: boolean): Handle;
  Cumsum(x: Handle, axis: number, exclusive: boolean, reverse: boolean): Handle;
  /** Blocks, permutation, shape. */
  DepthToSpace: Place;
  Diag(x: Handle): Handle;
  Einsum(equation: string, operands: readonly Handle[]): Handle;
  EluGrad(dy: Handle, y: Handle): Handle;
  FFT(x: Handle): Handle;
  FusedBatchNorm(
    x: Handle,
    mean: Handle,
    variance: Handle,
    offset: Handle,
    scale: Handle,
    epsilon: number,
  ): Handle;
  /** `sizes` of the axes that the indices count; `inner`: how many numbers lie behind one place. */
  GatherNd(
    x: Handle,
    indices: Handle,
    sizes: readonly number[],
    inner: number,
    shape: readonly number[],
  ): Handle;
  IFFT(x: Handle): Handle;
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
  LeakyRelu(x: Handle, alpha: number): Handle;
  LinSpace(start: number, stop: number, count: number): Handle;
  MirrorPad(x: Handle, around: readonly number[], symmetric: boolean): Handle;
  Multinomial(probabilities: Handle, count: number, seed: number): Handle;
  Pack(parts: readonly Handle[], axis: number): Handle;
  Prelu(x: Handle, alpha: Handle): Handle;
  Range(start: number, step: number, count: number, dtype: number): Handle;
  ResizeBilinear: Resize;
  ResizeBilinearGrad: Resize;
  ResizeNearestNeighbor: Resize;
  ResizeNearestNeighborGrad: Resize;
  Reverse: Place;
  ScatterNd(
    indices: Handle,
    updates: Handle,
    sizes: readonly number[],
    inner: number,
    shape: readonly number[],
  ): Handle;
  SearchSorted(sorted: Handle, values: Handle, behind: boolean): Handle;
  Select(condition: Handle, x: Handle, y: Handle): Handle;
  Softmax(x: Handle, axis: number): Handle;
  /** Padding around, 0, blocks, permutation, shape. */
  SpaceToBatchND(
    x: Handle,
    around: readonly number[],
    padding: 0,
    blocks: readonly number[],
    permutation: readonly number[],
    shape: readonly number[],
  ): Handle;
  SparseToDense(indices: Handle, values: Handle, otherwise: Handle, shape: readonly number[]): Handle;
  Step(x: Handle, alpha: number): Handle;
  /** First place, count and step of each axis. */
  StridedSlice: Place;
  TensorScatterUpdate(
    x: Handle,
    indices: Handle,
    updates: Handle,
    sizes: readonly number[],
    inner: number,
  ): Handle;
  Tile: Place;
  /** -> values, places */
  TopK(x: Handle, k: number): [Handle, Handle];
  /** -> different slices, which of them each slice is */
  Unique(x: Handle, axis: number): [Handle, Handle];
  Unpack(x: Handle, axis: number): Handle[];
  UnsortedSegmentSum(x: Handle, segments: Handle, count: number, shape: readonly number[]): Handle;
  Reshape(x: Handle, shape: readonly number[]): Handle;
  Transpose(x: Handle, permutation: readonly number[]): Handle;
  Slice(x: Handle, begin: readonly number[], size: readonly number[]): Handle;
  /** `around`: before and after of each axis. */
  PadV2(x: Handle, around: readonly number[], value: number): Handle;
  Concat(parts: readonly Handle[], axis: number): Handle;
  /** `sizes`: batch, outer, along the axis, inner, indices of one batch. */
  GatherV2(x: Handle, indices: Handle, sizes: readonly number[], shape: readonly number[]): Handle;
  Cast(x: Handle, dtype: number): Handle;
  Fill(shape: readonly number[], value: number, dtype: number): Handle;
  OneHot(indices: Handle, depth: number, on: number, off: number, dtype: number): Handle;
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
  /** What a handle really is; for tests. */
  inspect(x: Handle): { readonly shape: number[]; readonly type: string };
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
  /** On a GPU also its name and the versions of CUDA and cuDNN. */
  describe(): {
    readonly libtorch: string;
    readonly cpu: string;
    readonly threads: number;
    readonly device?: string;
    readonly cuda?: string;
    readonly cudnn?: string;
  };
  /** Why there is no GPU to compute on, as the end of a sentence; empty where there is one. */
  whyNoGpu(): string;
  /** Folder of the sources of kernels for GPUs, and one for what they are compiled to. */
  useKernels(sources: string, cache: string): void;
  /** Before the first tensor. `tf32`: a GPU may round the factors of convolutions and matrix products. */
  start(onGpu: boolean, tf32: boolean): void;
  /** Whether activations are bfloat16 from now on. */
  useBfloat16(wanted: boolean): void;
  /** For tests: the forms of operations that a GPU takes, on the CPU. */
  useComposed(wanted: boolean): void;
  /** For tests: compiles the kernels with an NVRTC; bytes of code, or what is wrong. */
  compile(
    sources: string,
    storage: 'float' | 'bfloat16',
    architecture: string,
    nvrtc: string,
  ): number | string;
}

type Resize = (
  x: Handle,
  size: readonly number[],
  alignCorners: boolean,
  halfPixelCenters: boolean,
) => Handle;

/** Loads a built addon. Throws what the system's loader says. */
export function loadAddon(file: string): TorchAddon {
  return createRequire(import.meta.url)(file) as TorchAddon;
}
