// One right call of every kernel of the torch engine: what the fuzz test starts from.

/** A tensor to make: its values are small, whole and not negative where they are integers. */
export interface Operand {
  readonly dtype: 'float32' | 'int32' | 'bool' | 'complex64';
  readonly shape: readonly number[];
  /** Integers are below it; absent: 2. */
  readonly below?: number;
}

export interface ExampleCall {
  readonly inputs: { readonly [name: string]: Operand };
  readonly attrs: { readonly [name: string]: unknown };
}

const float = (...shape: number[]): Operand => ({ dtype: 'float32', shape });
const int = (...shape: number[]): Operand => ({ dtype: 'int32', shape });
const bool = (...shape: number[]): Operand => ({ dtype: 'bool', shape });
const complex = (...shape: number[]): Operand => ({ dtype: 'complex64', shape });
const call = (inputs: ExampleCall['inputs'], attrs: ExampleCall['attrs'] = {}): ExampleCall => ({
  inputs,
  attrs,
});

/** The same call for each of these kernels. */
function alike(names: string, example: ExampleCall): { readonly [kernelName: string]: ExampleCall } {
  return Object.fromEntries(names.split(' ').map((name) => [name, example]));
}

const images = float(2, 6, 5, 4);
const pool = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
const window = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] };
const resize = { alignCorners: false, halfPixelCenters: true };
const suppression = {
  maxOutputSize: 3,
  iouThreshold: 0.5,
  scoreThreshold: 0.1,
  padToMaxOutputSize: true,
  softNmsSigma: 0.5,
};
const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
const channels = float(4);
const normalised = { epsilon: 1e-5, relu: true };

export const exampleCalls: { readonly [kernelName: string]: ExampleCall } = {
  ...alike(
    'Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Expm1 Floor IsFinite IsInf IsNan Log Log1p Neg Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square Tan Tanh Identity OnesLike ZerosLike Diag',
    call({ x: float(3, 2) }),
  ),
  ...alike('Real Imag FFT IFFT', call({ input: complex(3, 4) })),
  ComplexAbs: call({ x: complex(3, 4) }),
  Complex: call({ real: float(3, 2), imag: float(3, 2) }),
  LogicalNot: call({ x: bool(3, 2) }),
  ...alike(
    'Add Atan2 Equal FloorDiv Greater GreaterEqual Less LessEqual Maximum Minimum Mod Multiply NotEqual Pow RealDiv SquaredDifference Sub',
    call({ a: float(3, 1, 4), b: float(2, 1) }),
  ),
  BitwiseAnd: call({ a: int(3, 4), b: int(4) }),
  ...alike('LogicalAnd LogicalOr', call({ a: bool(3, 4), b: bool(4) })),
  ...alike('Mean Prod Sum', call({ x: float(3, 4, 2) }, { axis: [1], keepDims: false })),
  ...alike('Max Min', call({ x: float(3, 4, 2) }, { reductionIndices: [1], keepDims: true })),
  ...alike('All Any', call({ x: bool(3, 4, 2) }, { axis: [1], keepDims: false })),
  ...alike('ArgMax ArgMin', call({ x: float(3, 4, 2) }, { axis: 1 })),
  ...alike('Cumprod Cumsum', call({ x: float(3, 4, 2) }, { axis: 1, exclusive: true, reverse: false })),
  AddN: call({ 0: float(3, 2), 1: float(3, 2), 2: float(3, 2) }),
  ...alike('AvgPool MaxPool', call({ x: images }, pool)),
  AvgPoolGrad: call({ dy: float(2, 3, 2, 4), input: images }, pool),
  MaxPoolGrad: call({ dy: float(2, 3, 2, 4), input: images, output: float(2, 3, 2, 4) }, pool),
  BatchMatMul: call({ a: float(2, 3, 4), b: float(2, 4, 5) }, { transposeA: false, transposeB: false }),
  TorchMatMul: call({ a: float(3, 4), b: float(4, 5) }, { transposeA: false, transposeB: false }),
  _FusedMatMul: call(
    { a: float(3, 4), b: float(4, 5), bias: float(5), preluActivationWeights: float(5) },
    { transposeA: false, transposeB: false, activation: 'prelu', leakyreluAlpha: 0.2 },
  ),
  Einsum: call({ 0: float(3, 4), 1: float(4, 5) }, { equation: 'ij,jk->ik' }),
  TorchBatchNorm: call(
    { x: images, scale: channels, offset: channels },
    { ...normalised, splits: 2, xIsSpent: true },
  ),
  TorchBatchNormKeepingY: call(
    { x: images, scale: channels, offset: channels, residual: images },
    { ...normalised, splits: 1, xIsSpent: false },
  ),
  TorchBatchNormGrad: call(
    {
      ...{ dy: images, x: images, scale: channels, offset: channels },
      ...{ mean: float(2, 4), variance: float(2, 4), y: images },
    },
    { ...normalised, dyIsSpent: true, xIsSpent: true },
  ),
  FusedBatchNorm: call(
    { x: images, mean: channels, variance: channels, offset: channels, scale: channels },
    { varianceEpsilon: 0.001 },
  ),
  BatchToSpaceND: call(
    { x: float(4, 3, 2, 1) },
    {
      blockShape: [2, 2],
      crops: [
        [0, 1],
        [1, 0],
      ],
    },
  ),
  SpaceToBatchND: call(
    { x: float(1, 3, 2, 1) },
    {
      blockShape: [2, 2],
      paddings: [
        [0, 1],
        [1, 1],
      ],
    },
  ),
  DepthToSpace: call({ x: images }, { blockSize: 2, dataFormat: 'NHWC' }),
  Bincount: call({ x: { ...int(6), below: 4 }, weights: float(6) }, { size: 4 }),
  DenseBincount: call(
    { x: { ...int(2, 6), below: 4 }, weights: float(2, 6) },
    { size: 4, binaryOutput: false },
  ),
  Cast: call({ x: float(3, 2) }, { dtype: 'int32' }),
  ClipByValue: call({ x: float(3, 2) }, { clipValueMin: -1, clipValueMax: 1 }),
  LeakyRelu: call({ x: float(3, 2) }, { alpha: 0.2 }),
  Step: call({ x: float(3, 2) }, { alpha: 0.2 }),
  Prelu: call({ x: float(3, 2), alpha: float(2) }),
  ...alike('EluGrad MocolabReluGrad', call({ dy: float(3, 2), y: float(3, 2) }, { dyIsSpent: true })),
  MocolabSpread: call({ dy: float(3, 2) }, { kept: [3, 1, 2], shape: [3, 4, 2], factor: 0.25 }),
  Concat: call({ 0: float(3, 2), 1: float(3, 4) }, { axis: 1 }),
  Pack: call({ 0: float(3, 2), 1: float(3, 2) }, { axis: 1 }),
  Unpack: call({ value: float(3, 2) }, { axis: 0 }),
  SplitV: call({ x: float(4, 2) }, { numOrSizeSplits: [1, 3], axis: 0 }),
  Conv2D: call({ x: images, filter: float(3, 3, 4, 2) }, window),
  Conv2DBackpropInput: call(
    { dy: float(2, 6, 5, 2), filter: float(3, 3, 4, 2) },
    { ...window, inputShape: [2, 6, 5, 4] },
  ),
  Conv2DBackpropFilter: call({ x: images, dy: float(2, 6, 5, 2) }, { ...window, filterShape: [3, 3, 4, 2] }),
  DepthwiseConv2dNative: call({ x: images, filter: float(3, 3, 4, 2) }, window),
  DepthwiseConv2dNativeBackpropInput: call(
    { dy: float(2, 6, 5, 8), filter: float(3, 3, 4, 2) },
    { ...window, inputShape: [2, 6, 5, 4] },
  ),
  DepthwiseConv2dNativeBackpropFilter: call(
    { x: images, dy: float(2, 6, 5, 8) },
    { ...window, filterShape: [3, 3, 4, 2] },
  ),
  FusedConv2D: call(
    { x: images, filter: float(3, 3, 4, 2), bias: float(2), preluActivationWeights: float(2) },
    { ...window, activation: 'prelu', leakyreluAlpha: 0.2 },
  ),
  FusedDepthwiseConv2D: call(
    { x: images, filter: float(3, 3, 4, 2), bias: float(8) },
    { ...window, activation: 'relu6' },
  ),
  CropAndResize: call(
    { image: images, boxes: float(3, 4), boxInd: int(3) },
    { cropSize: [3, 2], method: 'bilinear', extrapolationValue: 0 },
  ),
  ExpandDims: call({ input: float(3, 2) }, { dim: 1 }),
  Reshape: call({ x: float(3, 2) }, { shape: [2, 3] }),
  Fill: call({}, { shape: [3, 2], value: 1, dtype: 'float32' }),
  FlipLeftRight: call({ image: images }),
  GatherNd: call({ params: float(3, 4, 2), indices: int(5, 2) }),
  GatherV2: call({ x: float(2, 4, 3), indices: int(2, 5) }, { axis: 1, batchDims: 1 }),
  LinSpace: call({}, { start: 0, stop: 1, num: 5 }),
  Range: call({}, { start: 0, stop: 5, step: 1, dtype: 'int32' }),
  LRN: call({ x: images }, { depthRadius: 2, bias: 1, alpha: 1, beta: 0.5 }),
  LRNGrad: call({ dy: images, x: images, y: images }, { depthRadius: 2, bias: 1, alpha: 1, beta: 0.5 }),
  MirrorPad: call(
    { x: float(3, 4) },
    {
      paddings: [
        [1, 2],
        [0, 3],
      ],
      mode: 'reflect',
    },
  ),
  PadV2: call(
    { x: float(3, 4) },
    {
      paddings: [
        [1, 2],
        [0, 3],
      ],
      constantValue: 1,
    },
  ),
  Multinomial: call({ logits: float(3, 4) }, { numSamples: 5, seed: 7, normalized: false }),
  NonMaxSuppressionV3: call({ boxes: float(5, 4), scores: float(5) }, suppression),
  NonMaxSuppressionV4: call({ boxes: float(5, 4), scores: float(5) }, suppression),
  NonMaxSuppressionV5: call({ boxes: float(5, 4), scores: float(5) }, suppression),
  OneHot: call({ indices: int(3, 2) }, { depth: 4, onValue: 1, offValue: 0, dtype: 'float32' }),
  ...alike('ResizeBilinear ResizeNearestNeighbor', call({ images }, { ...resize, size: [3, 7] })),
  ...alike('ResizeBilinearGrad ResizeNearestNeighborGrad', call({ images, dy: float(2, 3, 7, 4) }, resize)),
  Reverse: call({ x: float(3, 2, 4) }, { dims: [0, 2] }),
  ScatterNd: call({ indices: int(5, 2), updates: float(5, 2) }, { shape: [3, 4, 2] }),
  TensorScatterUpdate: call({ tensor: float(3, 4, 2), indices: int(5, 2), updates: float(5, 2) }),
  SparseToDense: call(
    { sparseIndices: int(5, 2), sparseValues: float(5), defaultValue: float() },
    { outputShape: [3, 4] },
  ),
  SearchSorted: call({ sortedSequence: float(3, 4), values: float(3, 2) }, { side: 'right' }),
  Select: call({ condition: bool(3), t: float(3, 2), e: float(3, 2) }),
  Slice: call({ x: float(3, 4) }, { begin: [1, 0], size: [2, -1] }),
  StridedSlice: call({ x: float(3, 4) }, { begin: [0, 3], end: [3, 0], strides: [2, -1], ...masks }),
  Softmax: call({ logits: float(3, 4) }, { dim: 1 }),
  TorchSoftmaxCrossEntropy: call({ logits: float(3, 4), labels: int(3) }),
  TorchInfoNce: call({ q: float(3, 8), k: float(3, 8), queue: float(8, 20) }, { temperature: 0.2 }),
  Tile: call({ x: float(3, 2) }, { reps: [2, 3] }),
  TopK: call({ x: float(3, 4) }, { k: 2, sorted: true }),
  Transpose: call({ x: float(3, 2, 4) }, { perm: [2, 0, 1] }),
  Unique: call({ x: int(3, 4) }, { axis: 0 }),
  UnsortedSegmentSum: call({ x: float(3, 2), segmentIds: int(3) }, { numSegments: 2 }),
};
