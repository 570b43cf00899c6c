// Convolution and its two gradients as matrix products over windows, summed in float64 and rounded once: what
// makes the reference engine fit for whole training steps. The stock kernels go number by number; they are
// kept for what isn't float32 in NHWC.

import * as tf from '@tensorflow/tfjs-core';
import { openArrays } from './arrays.ts';
import {
  type ConvInfo,
  gatherWindowColumns,
  gatherWindows,
  scatterWindows,
  splitPixels,
  windowSize,
} from './patches.ts';
import { addProducts } from './products.ts';

/** Output pixels at a time: their windows stay in cache. */
const PIXELS = 64;

interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly inputShape?: Shape;
  readonly filterShape?: Shape;
}

type Shape = [number, number, number, number];
type Compute = (values: readonly Float32Array[], info: ConvInfo) => { shape: Shape; values: Float32Array };

/** A kernel by its two inputs, and the shapes that it works on. */
const kernels: readonly {
  readonly name: string;
  readonly inputs: readonly [string, string];
  readonly shapes: (inputs: tf.NamedTensorInfoMap, attrs: ConvolutionAttributes) => [Shape, Shape];
  readonly compute: Compute;
}[] = [
  {
    name: 'Conv2D',
    inputs: ['x', 'filter'],
    shapes: ({ x, filter }) => [x!.shape as Shape, filter!.shape as Shape],
    compute: convolve,
  },
  {
    name: 'Conv2DBackpropInput',
    inputs: ['dy', 'filter'],
    shapes: ({ filter }, { inputShape }) => [inputShape!, filter!.shape as Shape],
    compute: differentiateInput,
  },
  {
    name: 'Conv2DBackpropFilter',
    inputs: ['x', 'dy'],
    shapes: ({ x }, { filterShape }) => [x!.shape as Shape, filterShape!],
    compute: differentiateFilter,
  },
];

let registered = false;

/** Registers the three kernels in place of the stock ones; again does nothing. */
export function registerConvolutions(): void {
  if (registered) return;
  registered = true;
  for (const { name, inputs: names, shapes, compute } of kernels) {
    const stock = tf.getKernel(name, 'cpu').kernelFunc;
    tf.unregisterKernel(name, 'cpu');
    tf.registerKernel({
      kernelName: name,
      backendName: 'cpu',
      kernelFunc: (call) => {
        const attrs = call.attrs as unknown as ConvolutionAttributes;
        const tensors = names.map((input) => call.inputs[input]!);
        if (attrs.dataFormat === 'NCHW' || tensors.some(({ dtype }) => dtype !== 'float32'))
          return stock(call);
        const [inputShape, filterShape] = shapes(call.inputs as tf.NamedTensorInfoMap, attrs);
        const { strides, dilations = 1, pad, dimRoundingMode } = attrs;
        const info = tf.backend_util.computeConv2DInfo(
          inputShape,
          filterShape,
          strides,
          dilations,
          pad,
          dimRoundingMode,
        );
        const arrays = openArrays(call.backend);
        const { shape, values } = compute(tensors.map(arrays.view), info);
        return arrays.make(shape, values);
      },
    });
  }
}

/** [N, H, W, C] by [kh, kw, C, K] -> [N, OH, OW, K] */
function convolve([x, filter]: readonly Float32Array[], info: ConvInfo) {
  const size = windowSize(info);
  const { outChannels } = info;
  const shape = info.outShape as Shape;
  const values = new Float32Array(countValues(shape));
  const filters = transpose(filter!, [size, outChannels]); // [K, window]
  const windows = new Float64Array(PIXELS * size);
  const sums = new Float64Array(PIXELS * outChannels);
  for (const range of splitPixels(info, PIXELS)) {
    gatherWindows(x!, windows, { info, range });
    sums.fill(0);
    const operands = [
      { values: windows, rows: range.count },
      { values: filters, rows: outChannels },
    ] as const;
    addProducts(sums, operands, size);
    values.set(sums.subarray(0, range.count * outChannels), range.from * outChannels);
  }
  return { shape, values };
}

/** dy [N, OH, OW, K] by the filter -> dx [N, H, W, C] */
function differentiateInput([dy, filter]: readonly Float32Array[], info: ConvInfo) {
  const size = windowSize(info);
  const { outChannels } = info;
  const shape = info.inShape as Shape;
  const dx = new Float64Array(countValues(shape));
  const filters = Float64Array.from(filter!); // [window, K]
  const windows = new Float64Array(PIXELS * size);
  for (const range of splitPixels(info, PIXELS)) {
    const rows = Float64Array.from(
      dy!.subarray(range.from * outChannels, (range.from + range.count) * outChannels),
    );
    windows.fill(0);
    const operands = [
      { values: rows, rows: range.count },
      { values: filters, rows: size },
    ] as const;
    addProducts(windows, operands, outChannels);
    scatterWindows(windows, dx, { info, range });
  }
  return { shape, values: Float32Array.from(dx) };
}

/** x [N, H, W, C] by dy [N, OH, OW, K] -> [kh, kw, C, K] */
function differentiateFilter([x, dy]: readonly Float32Array[], info: ConvInfo) {
  const size = windowSize(info);
  const { outChannels } = info;
  const sums = new Float64Array(size * outChannels);
  const windows = new Float64Array(4 * PIXELS * size);
  for (const range of splitPixels(info, 4 * PIXELS)) {
    gatherWindowColumns(x!, windows, { info, range });
    const rows = dy!.subarray(range.from * outChannels, (range.from + range.count) * outChannels);
    const operands = [
      { values: windows, rows: size },
      { values: transpose(rows, [range.count, outChannels]), rows: outChannels }, // [K, pixels]
    ] as const;
    addProducts(sums, operands, range.count);
  }
  return { shape: info.filterShape as Shape, values: Float32Array.from(sums) };
}

/** [rows, columns] -> [columns, rows], in float64. */
function transpose(values: Float32Array, [rows, columns]: readonly [number, number]): Float64Array {
  const out = new Float64Array(values.length);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[at++]!;
  return out;
}

function countValues(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
