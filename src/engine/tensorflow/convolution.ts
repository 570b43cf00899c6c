// Padding as PyTorch has it, by 'SAME' where that is the same, else by padding and 'VALID': TensorFlow takes its fast
// convolutions (oneDNN) for these two alone, and for 'EXPLICIT' slow ones.

import * as tf from '@tensorflow/tfjs-core';
import type { Attribute, AttributeMaker } from './native.ts';

export type Shape4 = [number, number, number, number];

/** Of an input [N, H, W, C], or [N, C, H, W] where `dataFormat` says so. */
export type ConvolutionInfo = tf.backend_util.Conv2DInfo;

interface ConvolutionAttributes {
  readonly strides: [number, number];
  readonly dilations?: [number, number];
  readonly pad: number | 'valid' | 'same' | tf.backend_util.ExplicitPadding;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export function readConvolution(
  x: readonly number[],
  filter: readonly number[],
  attrs: tf.NamedAttrMap,
): ConvolutionInfo {
  const {
    strides,
    dilations = 1,
    pad,
    dataFormat = 'NHWC',
    dimRoundingMode,
  } = attrs as unknown as ConvolutionAttributes;
  return tf.backend_util.computeConv2DInfo(
    [...x] as Shape4,
    [...filter] as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
}

export function describeConvolution(info: ConvolutionInfo, make: AttributeMaker): Attribute[] {
  const isLast = info.dataFormat === 'channelsLast';
  const around = (height: number, width: number) => (isLast ? [1, height, width, 1] : [1, 1, height, width]);
  return [
    make.float32(),
    make.ints('strides', around(info.strideHeight, info.strideWidth)),
    make.ints('dilations', around(info.dilationHeight, info.dilationWidth)),
    make.text('data_format', isLast ? 'NHWC' : 'NCHW'),
    make.bool('use_cudnn_on_gpu', true),
    make.text('padding', isSame(info) ? 'SAME' : 'VALID'),
  ];
}

/** The input as the described op takes it. */
export function padInput(x: tf.Tensor, info: ConvolutionInfo): tf.Tensor {
  return needsPadding(info) ? tf.pad(x, listPaddings(info)) : x;
}

/** The shape of what `padInput` returns. */
export function padShape(shape: Shape4, info: ConvolutionInfo): Shape4 {
  if (!needsPadding(info)) return shape;
  return listPaddings(info).map(([before, after], i) => before + shape[i]! + after) as Shape4;
}

/** The gradient of `padInput`. */
export function unpadInput(dx: tf.Tensor, shape: Shape4, info: ConvolutionInfo): tf.Tensor {
  if (!needsPadding(info)) return dx;
  const starts = listPaddings(info).map(([before]) => before);
  return tf.slice(dx, starts, shape);
}

function needsPadding(info: ConvolutionInfo): boolean {
  const { top, bottom, left, right } = info.padInfo;
  return !isSame(info) && top + bottom + left + right > 0;
}

/** Whether TensorFlow's 'SAME' pads as `info` says. */
function isSame(info: ConvolutionInfo): boolean {
  const { top, bottom, left, right } = info.padInfo;
  const isSameAlong = (
    size: number,
    [out, stride, filter]: [number, number, number],
    pads: [number, number],
  ) => {
    const total = Math.max((out - 1) * stride + filter - size, 0);
    const before = Math.floor(total / 2);
    return out === Math.ceil(size / stride) && pads[0] === before && pads[1] === total - before;
  };
  return (
    isSameAlong(
      info.inHeight,
      [info.outHeight, info.strideHeight, info.effectiveFilterHeight],
      [top, bottom],
    ) &&
    isSameAlong(info.inWidth, [info.outWidth, info.strideWidth, info.effectiveFilterWidth], [left, right])
  );
}

/** Before and after, by axis. */
function listPaddings({ dataFormat, padInfo }: ConvolutionInfo): [number, number][] {
  const { top, bottom, left, right } = padInfo;
  const sides: [number, number][] = [
    [top, bottom],
    [left, right],
  ];
  return dataFormat === 'channelsLast' ? [[0, 0], ...sides, [0, 0]] : [[0, 0], [0, 0], ...sides];
}
