// The windows of convolutions and pools, as tfjs describes them and as the addon wants them: strides,
// the padding of each side and dilations, in whole numbers. tfjs works them out and refuses what can't be.

import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';

type Attrs = { readonly [name: string]: unknown };
type Sizes = [number, number, number, number];

/** How the addon is told: strides (h, w), padding (top, bottom, left, right), dilations (h, w). */
export type Window = readonly number[];

/** A window over images. */
export interface Windowed {
  readonly window: Window;
  /** Height and width of a pool's window. */
  readonly size: readonly [number, number];
  /** [N, H, W, C], or [N, C, H, W] where the data format is NCHW. */
  readonly outShape: number[];
  /** Whether images come as [N, C, H, W]. */
  readonly channelsFirst: boolean;
}

/** The window of a convolution. Shapes are those of the forward pass. */
export function readConvWindow(
  attrs: Attrs,
  { x, filter, depthwise = false }: ConvShapes,
): Windowed & { readonly filter: readonly number[] } {
  const { strides, pad, dilations = 1, dataFormat = 'NHWC', dimRoundingMode } = attrs as unknown as ConvAttrs;
  requireRank(x, 'x');
  requireRank(filter, 'filter');
  const channelsFirst = dataFormat === 'NCHW';
  const format = channelsFirst ? 'channelsFirst' : 'channelsLast';
  const channels = x[channelsFirst ? 1 : 3]!;
  if (channels !== filter[2])
    throw new Error(`the images have ${channels} channels, the filter wants ${filter[2]}`);
  const info = backend_util.computeConv2DInfo(
    x as Sizes,
    filter as Sizes,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
    format,
  );
  return { ...toWindowed(info, channelsFirst), filter };
}

interface ConvShapes {
  readonly x: readonly number[];
  /** [kh, kw, C, K]; of a depthwise convolution [kh, kw, C, multiplier]. */
  readonly filter: readonly number[];
  readonly depthwise?: boolean;
}

interface ConvAttrs {
  strides: number | [number, number];
  pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
  dilations?: number | [number, number];
  dataFormat?: 'NHWC' | 'NCHW';
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The window of a pool over x [N, H, W, C]. */
export function readPoolWindow(attrs: Attrs, x: readonly number[]): Windowed {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttrs;
  requireRank(x, 'x');
  const info = backend_util.computePool2DInfo(x as Sizes, filterSize, strides, 1, pad, dimRoundingMode);
  return toWindowed(info, false);
}

interface PoolAttrs {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Throws unless a tensor has exactly this shape. */
export function requireShape(tensor: TensorInfo, shape: readonly number[], name: string): void {
  if (!util.arraysEqual(tensor.shape, shape as number[]))
    throw new Error(`${name} must be [${shape}], not [${tensor.shape}]`);
}

/** Throws unless a tensor's values are float32. */
export function requireFloats(...tensors: readonly TensorInfo[]): void {
  for (const { dtype } of tensors)
    if (dtype !== 'float32') throw new Error(`float32 is wanted, not ${dtype}`);
}

function toWindowed(info: backend_util.Conv2DInfo, channelsFirst: boolean): Windowed {
  const { padInfo, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const { top, bottom, left, right } = padInfo;
  if (info.outShape.some((size) => size < 0)) throw new Error(`the window is larger than the images`);
  return {
    window: [strideHeight, strideWidth, top, bottom, left, right, dilationHeight, dilationWidth],
    size: [info.filterHeight, info.filterWidth],
    outShape: info.outShape,
    channelsFirst,
  };
}

function requireRank(shape: readonly number[], name: string): void {
  if (shape.length !== 4) throw new Error(`${name} must have four axes, not [${shape}]`);
}
