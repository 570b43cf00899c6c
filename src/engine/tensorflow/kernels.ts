// Kernels that tfjs-node lacks, or makes of more ops than TensorFlow needs. Max-pooling takes PyTorch's padding:
// TensorFlow's op knows it (`EXPLICIT`), tfjs-node's kernel only 'valid' and 'same'.

import * as tf from '@tensorflow/tfjs-core';
import { RELU_GRAD, SPREAD } from '../gradients.ts';
import { type Attribute, type AttributeMaker, createAttributes, type NodeBackend } from './native.ts';

type KernelCall = Parameters<tf.KernelFunc>[0];

/** Puts them in the place of tfjs-node's; once a process. */
export function registerTensorflowKernels(backend: NodeBackend): void {
  const attributes = createAttributes(backend.binding);
  const run = (name: string, attrs: readonly Attribute[], inputs: readonly tf.TensorInfo[]) =>
    backend.executeMultipleOutputs(name, attrs, inputs, 1)[0]!;
  const kernels: { readonly [name: string]: (call: KernelCall) => tf.TensorInfo } = {
    Conv2D: ({ inputs: { x, filter }, attrs }) =>
      run('Conv2D', describeConvolution(x!.shape, filter!.shape, attrs!, attributes), [x!, filter!]),
    Conv2DBackpropInput: ({ inputs: { dy, filter }, attrs }) => {
      const { inputShape } = attrs as unknown as { readonly inputShape: number[] };
      const described = describeConvolution(inputShape, filter!.shape, attrs!, attributes);
      return tf.tidy(() => run('Conv2DBackpropInput', described, [shapeOf(inputShape), filter!, dy!]));
    },
    Conv2DBackpropFilter: ({ inputs: { x, dy }, attrs }) => {
      const { filterShape } = attrs as unknown as { readonly filterShape: number[] };
      const described = describeConvolution(x!.shape, filterShape, attrs!, attributes);
      return tf.tidy(() => run('Conv2DBackpropFilter', described, [x!, shapeOf(filterShape), dy!]));
    },
    MaxPool: ({ inputs: { x }, attrs }) => run('MaxPool', describePool(x!, attrs!, attributes), [x!]),
    MaxPoolGrad: ({ inputs: { dy, input, output }, attrs }) =>
      run('MaxPoolGrad', describePool(input!, attrs!, attributes), [input!, output!, dy!]),
    [RELU_GRAD]: ({ inputs: { dy, y } }) => run('ReluGrad', [attributes.float32()], [dy!, y!]),
    [SPREAD]: ({ inputs, attrs }) => spread(inputs.dy as tf.Tensor, attrs as unknown as SpreadAttributes),
  };
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, 'tensorflow')) tf.unregisterKernel(kernelName, 'tensorflow');
    tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
  }
}

type Shape4 = [number, number, number, number];

function describeConvolution(
  x: readonly number[],
  filter: readonly number[],
  attrs: tf.NamedAttrMap,
  make: AttributeMaker,
): Attribute[] {
  const { strides, dilations = 1, pad, dataFormat, dimRoundingMode } = attrs as unknown as WindowAttributes;
  const info = tf.backend_util.computeConv2DInfo(
    [...x] as Shape4,
    [...filter] as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(dataFormat ?? 'NHWC'),
  );
  const isLast = info.dataFormat === 'channelsLast';
  const around = (height: number, width: number) => (isLast ? [1, height, width, 1] : [1, 1, height, width]);
  return [
    make.float32(),
    make.ints('strides', around(info.strideHeight, info.strideWidth)),
    make.ints('dilations', around(info.dilationHeight, info.dilationWidth)),
    make.text('data_format', isLast ? 'NHWC' : 'NCHW'),
    make.bool('use_cudnn_on_gpu', true),
    ...describePadding(info.padInfo, isLast, make),
  ];
}

function describePool(x: tf.TensorInfo, attrs: tf.NamedAttrMap, make: AttributeMaker): Attribute[] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as WindowAttributes;
  const info = tf.backend_util.computePool2DInfo(
    x.shape as Shape4,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  return [
    make.float32(),
    make.ints('ksize', [1, info.filterHeight, info.filterWidth, 1]),
    make.ints('strides', [1, info.strideHeight, info.strideWidth, 1]),
    make.text('data_format', 'NHWC'),
    ...describePadding(info.padInfo, true, make),
  ];
}

/** tfjs says NUMBER for the same padding on every side. */
function describePadding(
  { type, top, bottom, left, right }: tf.backend_util.PadInfo,
  isLast: boolean,
  make: AttributeMaker,
): Attribute[] {
  if (type === 'SAME' || type === 'VALID') return [make.text('padding', type)];
  if (top + bottom + left + right === 0) return [make.text('padding', 'VALID')];
  const sides = [top, bottom, left, right];
  const paddings = isLast ? [0, 0, ...sides, 0, 0] : [0, 0, 0, 0, ...sides];
  return [make.text('padding', 'EXPLICIT'), make.ints('explicit_paddings', paddings)];
}

function shapeOf(shape: readonly number[]): tf.Tensor1D {
  return tf.tensor1d([...shape], 'int32');
}

interface WindowAttributes {
  readonly filterSize: [number, number];
  readonly strides: [number, number];
  readonly dilations?: [number, number];
  readonly pad: number | 'valid' | 'same' | tf.backend_util.ExplicitPadding;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

interface SpreadAttributes {
  readonly kept: number[];
  readonly shape: number[];
  readonly factor: number;
}

/** Scales while it is small, then repeats. */
function spread(dy: tf.Tensor, { kept, shape, factor }: SpreadAttributes): tf.Tensor {
  return tf.tidy(() => tf.broadcastTo(tf.mul(tf.reshape(dy, kept), factor), shape));
}
