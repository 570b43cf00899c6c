// Kernels that tfjs-node lacks, or makes of more ops than TensorFlow needs. Max-pooling takes PyTorch's padding:
// TensorFlow's op knows it (`EXPLICIT`), tfjs-node's kernel only 'valid' and 'same'.

import * as tf from '@tensorflow/tfjs-core';
import { RELU_GRAD, SPREAD } from '../gradients.ts';
import {
  type ConvolutionInfo,
  describeConvolution,
  padInput,
  padShape,
  readConvolution,
  type Shape4,
  unpadInput,
} from './convolution.ts';
import { type Attribute, type AttributeMaker, createAttributes, type NodeBackend } from './native.ts';

type KernelCall = Parameters<tf.KernelFunc>[0];

/** Puts them in the place of tfjs-node's; once a process. */
export function registerTensorflowKernels({ binding }: NodeBackend): void {
  const attributes = createAttributes(binding);
  // The current one: tfjs may have started it anew.
  const run = (name: string, attrs: readonly Attribute[], inputs: readonly tf.TensorInfo[]) =>
    (tf.backend() as NodeBackend).executeMultipleOutputs(name, attrs, inputs, 1)[0]!;
  const kernels: { readonly [name: string]: (call: KernelCall) => tf.TensorInfo } = {
    Conv2D: ({ inputs: { x, filter }, attrs }) =>
      tf.tidy(() => {
        const info = readConvolution(x!.shape, filter!.shape, attrs!);
        return run('Conv2D', describeConvolution(info, attributes), [
          padInput(x as tf.Tensor, info),
          filter!,
        ]);
      }),
    Conv2DBackpropInput: ({ inputs: { dy, filter }, attrs }) =>
      tf.tidy(() => {
        const { inputShape } = attrs as unknown as { readonly inputShape: Shape4 };
        const info = readConvolution(inputShape, filter!.shape, attrs!);
        const described = describeConvolution(info, attributes);
        const dx = run('Conv2DBackpropInput', described, [shapeOf(padShape(inputShape, info)), filter!, dy!]);
        return unpadInput(dx, inputShape, info);
      }),
    Conv2DBackpropFilter: ({ inputs: { x, dy }, attrs }) =>
      tf.tidy(() => {
        const { filterShape } = attrs as unknown as { readonly filterShape: number[] };
        const info = readConvolution(x!.shape, filterShape, attrs!);
        const described = describeConvolution(info, attributes);
        return run('Conv2DBackpropFilter', described, [
          padInput(x as tf.Tensor, info),
          shapeOf(filterShape),
          dy!,
        ]);
      }),
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

function describePool(x: tf.TensorInfo, attrs: tf.NamedAttrMap, make: AttributeMaker): Attribute[] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttributes;
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
    ...describePadding(info, make),
  ];
}

/** tfjs says NUMBER for the same padding on every side. Throws where a window would see nothing but padding. */
function describePadding(info: ConvolutionInfo, make: AttributeMaker): Attribute[] {
  const { type, top, bottom, left, right } = info.padInfo;
  if (type === 'SAME' || type === 'VALID') return [make.text('padding', type)];
  // TensorFlow rounds down; where tfjs is to round up, the last window reaches further.
  const reach = (out: number, stride: number, size: number) => (out - 1) * stride + size;
  const below = Math.max(
    bottom,
    reach(info.outHeight, info.strideHeight, info.filterHeight) - info.inHeight - top,
  );
  const behind = Math.max(
    right,
    reach(info.outWidth, info.strideWidth, info.filterWidth) - info.inWidth - left,
  );
  if (Math.max(top, below) >= info.filterHeight || Math.max(left, behind) >= info.filterWidth)
    throw new Error('TensorFlow pools no window that lies in the padding alone.');
  if (top + below + left + behind === 0) return [make.text('padding', 'VALID')];
  const paddings = [0, 0, top, below, left, behind, 0, 0];
  return [make.text('padding', 'EXPLICIT'), make.ints('explicit_paddings', paddings)];
}

function shapeOf(shape: readonly number[]): tf.Tensor1D {
  return tf.tensor1d([...shape], 'int32');
}

interface PoolAttributes {
  readonly filterSize: [number, number];
  readonly strides: [number, number];
  readonly pad: number | 'valid' | 'same' | tf.backend_util.ExplicitPadding;
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
