// Convolutions as kernels: shapes and types are checked here, then the addon computes. A depthwise
// convolution is one with a group for each channel.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import { expectTensor, expectWhole } from './checks.ts';
import type { TorchKernel } from './kernel.ts';
import { placeWindow } from './window.ts';

/** Groups are the addon's own: tf.conv2d would refuse filters of fewer channels than the images have. */
export const conv2d: EngineOps['conv2d'] = (x, filter, { stride, padding }) => {
  const attrs = { strides: stride, pad: padding, dataFormat: 'NHWC', dilations: 1 };
  return tf.engine().runKernel('Conv2D', { x, filter }, attrs) as tf.Tensor4D;
};

interface Kind {
  /** Filters are [kh, kw, C, M], and output channel c M + m comes from channel c. */
  readonly depthwise: boolean;
}

/** images, filters [kh, kw, C / groups, K] -> images; the groups follow from the images' channels. */
export function convolution(kernelName: string, kind: Kind): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo };
      expectTensor('x', x);
      expectTensor('filter', filter);
      const { outputShape, packed } = place(x.shape, filter.shape, { ...kind, attrs });
      const handle = backend.addon.Conv2D(backend.handleOf(x), backend.handleOf(filter), packed);
      return backend.adopt(handle, outputShape);
    },
  };
}

/** dy, filters, the images' shape -> the gradient of the images. */
export function convolutionInputGradient(kernelName: string, kind: Kind): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
      const { inputShape } = attrs as { inputShape: number[] };
      expectTensor('filter', filter);
      const { outputShape, packed } = place(inputShape, filter.shape, { ...kind, attrs });
      expectTensor('dy', dy, outputShape);
      const [first, second] = [backend.handleOf(dy), backend.handleOf(filter)];
      return backend.adopt(backend.addon.Conv2DBackpropInput(first, second, packed, inputShape), inputShape);
    },
  };
}

/** images, dy, the filters' shape -> the gradient of the filters, in float32. */
export function convolutionFilterGradient(kernelName: string, kind: Kind): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
      const { filterShape } = attrs as { filterShape: number[] };
      expectTensor('x', x);
      const { outputShape, packed } = place(x.shape, filterShape, { ...kind, attrs });
      expectTensor('dy', dy, outputShape);
      const [first, second] = [backend.handleOf(x), backend.handleOf(dy)];
      return backend.adopt(
        backend.addon.Conv2DBackpropFilter(first, second, packed, filterShape),
        filterShape,
      );
    },
  };
}

function place(
  images: readonly number[],
  filter: readonly number[],
  { attrs, depthwise }: Kind & { readonly attrs: object },
): { readonly outputShape: number[]; readonly packed: readonly number[] } {
  if (filter.length !== 4) throw new Error(`the filter has four axes, not ${filter.length} [${filter}]`);
  for (const size of filter) expectWhole('each size of the filter', size, 1);
  const [kh, kw, depth, last] = filter as [number, number, number, number];
  const window = placeWindow(images, [kh, kw], attrs);
  const { channels } = window;
  expectWhole('the number of images', window.batch, 1);
  if (depthwise ? channels !== depth : channels % depth !== 0)
    throw new Error(`the images have ${channels} channels, the filter wants ${depth}`);
  const groups = depthwise ? channels : channels / depth;
  const outputs = depthwise ? channels * last : last;
  if (outputs % groups !== 0) throw new Error(`${outputs} filters do not split into ${groups} groups`);
  return { outputShape: window.shapeOf(outputs), packed: window.pack(groups) };
}
