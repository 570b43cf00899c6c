// What each kernel takes: types and numbers of axes of its inputs, kinds of its attributes. Checked before a kernel
// runs; what shapes have to do with each other is checked by the kernels themselves.

import {
  ANY,
  type Check,
  either,
  flag,
  list,
  NUMBERS,
  number,
  optional,
  REAL,
  tensor,
  tensorWithAxes,
  whole,
  word,
} from './checks.ts';

/** Checks by name. `...` stands for inputs of any name. */
interface Signature {
  readonly inputs: { readonly [name: string]: Check };
  readonly attrs: { readonly [name: string]: Check };
}

const takes = (inputs: Signature['inputs'], attrs: Signature['attrs'] = {}): Signature => ({ inputs, attrs });

/** The same for each of these kernels. */
function alike(names: string, signature: Signature): { readonly [kernelName: string]: Signature } {
  return Object.fromEntries(names.split(' ').map((name) => [name, signature]));
}

const FLOAT = ['float32'] as const;
const INT = ['int32'] as const;
const BOOL = ['bool'] as const;
const COMPLEX = ['complex64'] as const;

const float = tensor(FLOAT);
const real = tensor(REAL);
const any = tensor(ANY);
const images = tensor(NUMBERS, 4);
const floatImages = tensor(FLOAT, 4);
const sizes = list(whole(0));
const axis = either(whole(-(2 ** 31)), list(whole(-(2 ** 31))));
const pairs = list(list(whole(0), 2));
const norm = { epsilon: number, relu: flag };
const localNorm = { depthRadius: whole(0), bias: number, alpha: number, beta: number };
const transposes = { transposeA: optional(flag), transposeB: optional(flag) };
const reduction = { axis: optional(axis), reductionIndices: optional(axis), keepDims: optional(flag) };
const resizing = { alignCorners: flag, halfPixelCenters: optional(flag) };
const suppression = {
  maxOutputSize: whole(0),
  iouThreshold: number,
  scoreThreshold: number,
  padToMaxOutputSize: optional(flag),
  softNmsSigma: optional(number),
};
const rounding = { dimRoundingMode: optional(word('floor', 'round', 'ceil')) };
const dtype = word('float32', 'int32', 'bool', 'complex64');

const signatures: { readonly [kernelName: string]: Signature } = {
  ...alike('Identity OnesLike ZerosLike', takes({ x: any })),
  ...alike('IsFinite IsInf IsNan Square', takes({ x: any })),
  ...alike('Abs Relu Relu6 Sign Step Elu', takes({ x: tensor(NUMBERS) }, { alpha: optional(number) })),
  ...alike(
    'Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Expm1 Floor Log Log1p Reciprocal Round Rsqrt Selu Sigmoid Sin Sinh Sqrt Tan Tanh',
    takes({ x: tensor(NUMBERS) }),
  ),
  Neg: takes({ x: tensor([...NUMBERS, 'complex64']) }),
  Softplus: takes({ x: float }),
  LogicalNot: takes({ x: tensor(BOOL) }),
  ...alike('LogicalAnd LogicalOr', takes({ a: tensor(BOOL), b: tensor(BOOL) })),
  ComplexAbs: takes({ x: tensor(COMPLEX) }),
  ...alike('Real Imag', takes({ input: tensor(COMPLEX) })),
  ...alike('FFT IFFT', takes({ input: tensorWithAxes(COMPLEX) })),
  Complex: takes({ real: float, imag: float }),
  ...alike('Add Equal Multiply NotEqual', takes({ a: any, b: any })),
  ...alike(
    'Sub RealDiv',
    takes({ a: tensor([...NUMBERS, 'complex64']), b: tensor([...NUMBERS, 'complex64']) }),
  ),
  ...alike('Greater GreaterEqual Less LessEqual Maximum Minimum', takes({ a: real, b: real })),
  ...alike('FloorDiv Mod Pow SquaredDifference', takes({ a: tensor(NUMBERS), b: tensor(NUMBERS) })),
  Atan2: takes({ a: float, b: float }),
  BitwiseAnd: takes({ a: tensor(INT), b: tensor(INT) }),
  Prelu: takes({ x: tensor(NUMBERS), alpha: float }),
  ...alike('EluGrad MocolabReluGrad', takes({ dy: real, y: real }, { dyIsSpent: optional(flag) })),
  MocolabSpread: takes({ dy: float }, { kept: sizes, shape: sizes, factor: number }),
  ...alike('Max Min Mean', takes({ x: real }, reduction)),
  ...alike('Prod Sum', takes({ x: any }, reduction)),
  ...alike('All Any', takes({ x: tensor(BOOL) }, reduction)),
  ...alike('ArgMax ArgMin', takes({ x: real }, { axis })),
  ...alike('Cumprod Cumsum', takes({ x: tensor(NUMBERS) }, { axis, exclusive: flag, reverse: flag })),
  Bincount: takes({ x: tensor(INT), weights: tensor(NUMBERS) }, { size: whole(0) }),
  DenseBincount: takes(
    { x: tensor(INT, 1, 2), weights: tensor(NUMBERS) },
    { size: whole(0), binaryOutput: optional(flag) },
  ),
  AddN: takes({ '...': tensor(NUMBERS) }),
  Concat: takes({ '...': tensorWithAxes(ANY) }, { axis: whole(-(2 ** 31)) }),
  Pack: takes({ '...': any }, { axis: whole(0) }),
  Einsum: takes({ '...': tensor(NUMBERS) }, { equation: expectText }),
  Unpack: takes({ value: any }, { axis }),
  SplitV: takes({ x: any }, { numOrSizeSplits: either(whole(1), list(whole(-1))), axis }),
  ...alike('BatchMatMul _FusedMatMul', {
    inputs: {
      a: tensor(NUMBERS),
      b: tensor(NUMBERS),
      bias: optional(tensor(NUMBERS)),
      preluActivationWeights: optional(float),
    },
    attrs: transposes,
  }),
  TorchMatMul: takes({ a: tensor(FLOAT, 2), b: tensor(FLOAT, 2) }, transposes),
  ...alike('Conv2D DepthwiseConv2dNative', takes({ x: floatImages, filter: floatImages }, rounding)),
  ...alike(
    'FusedConv2D FusedDepthwiseConv2D',
    takes(
      { x: floatImages, filter: floatImages, bias: optional(float), preluActivationWeights: optional(float) },
      rounding,
    ),
  ),
  ...alike(
    'Conv2DBackpropInput DepthwiseConv2dNativeBackpropInput',
    takes({ dy: floatImages, filter: floatImages }, { inputShape: list(whole(0), 4), ...rounding }),
  ),
  ...alike(
    'Conv2DBackpropFilter DepthwiseConv2dNativeBackpropFilter',
    takes({ x: floatImages, dy: floatImages }, { filterShape: list(whole(0), 4), ...rounding }),
  ),
  AvgPool: takes({ x: floatImages }, rounding),
  AvgPoolGrad: takes({ dy: floatImages, input: floatImages }, rounding),
  MaxPool: takes({ x: images }, rounding),
  MaxPoolGrad: takes({ dy: floatImages, input: floatImages, output: floatImages }, rounding),
  ...alike(
    'TorchBatchNorm TorchBatchNormKeepingY',
    takes(
      {
        x: tensorWithAxes(FLOAT),
        scale: tensor(FLOAT, 1),
        offset: tensor(FLOAT, 1),
        residual: optional(float),
      },
      { ...norm, splits: whole(1), xIsSpent: flag },
    ),
  ),
  TorchBatchNormGrad: takes(
    {
      ...{ dy: float, x: tensorWithAxes(FLOAT), y: optional(float) },
      ...{ scale: float, offset: float, mean: tensor(FLOAT, 2), variance: tensor(FLOAT, 2) },
    },
    { ...norm, dyIsSpent: flag, xIsSpent: flag },
  ),
  FusedBatchNorm: takes(
    { x: float, mean: float, variance: float, offset: optional(float), scale: optional(float) },
    { varianceEpsilon: optional(number) },
  ),
  TorchSoftmaxCrossEntropy: takes({ logits: tensor(FLOAT, 2), labels: tensor(NUMBERS, 1) }),
  TorchInfoNce: takes(
    { q: tensor(FLOAT, 2), k: tensor(FLOAT, 2), queue: tensor(FLOAT, 2) },
    { temperature: number },
  ),
  LRN: takes({ x: floatImages }, localNorm),
  LRNGrad: takes({ dy: floatImages, x: floatImages, y: floatImages }, localNorm),
  Softmax: takes({ logits: tensorWithAxes(FLOAT) }, { dim: axis }),
  BatchToSpaceND: takes({ x: any }, { blockShape: list(whole(1)), crops: pairs }),
  SpaceToBatchND: takes({ x: real }, { blockShape: list(whole(1)), paddings: pairs }),
  DepthToSpace: takes({ x: tensor(ANY, 4) }, { blockSize: whole(1), dataFormat: word('NHWC', 'NCHW') }),
  Cast: takes({ x: any }, { dtype }),
  ClipByValue: takes({ x: tensor(NUMBERS) }, { clipValueMin: number, clipValueMax: number }),
  LeakyRelu: takes({ x: tensor(NUMBERS) }, { alpha: number }),
  CropAndResize: takes(
    { image: images, boxes: tensor(FLOAT, 2), boxInd: tensor(INT, 1) },
    { cropSize: list(whole(1), 2), method: word('bilinear', 'nearest'), extrapolationValue: number },
  ),
  Diag: takes({ x: any }),
  ExpandDims: takes({ input: any }, { dim: whole(-(2 ** 31)) }),
  Reshape: takes({ x: any }, { shape: list(whole(-1)) }),
  Fill: takes({}, { shape: sizes, dtype: optional(word('float32', 'int32', 'bool', 'complex64', 'string')) }),
  FlipLeftRight: takes({ image: tensor(ANY, 4) }),
  GatherNd: takes({ params: any, indices: tensorWithAxes(INT) }),
  GatherV2: takes(
    { x: tensorWithAxes(ANY), indices: tensor(INT) },
    { axis: whole(-(2 ** 31)), batchDims: optional(whole(-(2 ** 31))) },
  ),
  LinSpace: takes({}, { start: number, stop: number, num: whole(0) }),
  Range: takes({}, { start: number, stop: number, step: number, dtype: optional(word('float32', 'int32')) }),
  MirrorPad: takes({ x: any }, { paddings: pairs, mode: word('reflect', 'symmetric') }),
  PadV2: takes({ x: real }, { paddings: pairs, constantValue: optional(number) }),
  Multinomial: takes({ logits: tensor(FLOAT, 2) }, { numSamples: whole(1), seed: number, normalized: flag }),
  ...alike(
    'NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5',
    takes({ boxes: tensor(FLOAT, 2), scores: tensor(FLOAT, 1) }, suppression),
  ),
  OneHot: takes(
    { indices: tensor(INT) },
    {
      depth: whole(0),
      onValue: optional(number),
      offValue: optional(number),
      dtype: optional(word(...REAL)),
    },
  ),
  ...alike(
    'ResizeBilinear ResizeNearestNeighbor',
    takes({ images }, { ...resizing, size: list(whole(1), 2) }),
  ),
  ...alike('ResizeBilinearGrad ResizeNearestNeighborGrad', takes({ images, dy: floatImages }, resizing)),
  Reverse: takes({ x: any }, { dims: optional(axis) }),
  ScatterNd: takes({ indices: tensorWithAxes(INT), updates: any }, { shape: sizes }),
  TensorScatterUpdate: takes({ tensor: any, indices: tensorWithAxes(INT), updates: any }),
  SparseToDense: takes(
    { sparseIndices: tensor(INT), sparseValues: tensor(ANY, 0, 1), defaultValue: tensor(ANY, 0) },
    { outputShape: sizes },
  ),
  SearchSorted: takes(
    { sortedSequence: tensor(NUMBERS, 2), values: tensor(NUMBERS, 2) },
    { side: word('left', 'right') },
  ),
  Select: takes({ condition: tensor(BOOL), t: any, e: any }),
  Slice: takes({ x: any }, { begin: axis, size: optional(either(whole(-1), list(whole(-1)))) }),
  StridedSlice: takes(
    { x: any },
    {
      ...{ begin: list(whole(-(2 ** 31))), end: list(whole(-(2 ** 31))), strides: list(whole(-(2 ** 31))) },
      ...{ beginMask: optional(whole(0)), endMask: optional(whole(0)), ellipsisMask: optional(whole(0)) },
      ...{ newAxisMask: optional(whole(0)), shrinkAxisMask: optional(whole(0)) },
    },
  ),
  Tile: takes({ x: any }, { reps: sizes }),
  TopK: takes({ x: tensorWithAxes(NUMBERS) }, { k: whole(0) }),
  Transpose: takes({ x: any }, { perm: sizes }),
  Unique: takes({ x: tensor(REAL) }, { axis }),
  UnsortedSegmentSum: takes(
    { x: tensorWithAxes(NUMBERS), segmentIds: tensor(INT, 1) },
    { numSegments: whole(0) },
  ),
};

function expectText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw new Error(`${name} is a text, not ${JSON.stringify(value)}`);
}

type Given = { readonly [name: string]: unknown };

/** The check of a kernel's calls; throws what is wrong with them. */
export function createSignatureCheck(
  kernelName: string,
): (call: { readonly inputs: Given; readonly attrs: Given | undefined }) => void {
  const signature = signatures[kernelName];
  if (!signature) throw new Error(`the kernel ${kernelName} has no signature`);
  const { '...': others, ...named } = signature.inputs;
  const [inputChecks, attrChecks] = [Object.entries(named), Object.entries(signature.attrs)];
  return ({ inputs, attrs = {} }) => {
    for (const [name, check] of inputChecks) check(name, inputs[name]);
    if (others) for (const name of Object.keys(inputs)) others(name, inputs[name]);
    for (const [name, check] of attrChecks) check(name, attrs[name]);
  };
}
