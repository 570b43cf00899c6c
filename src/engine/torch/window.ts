// The windows of convolutions and pools as tfjs describes them: 'same', 'valid', a number or explicit
// padding, strides, dilations, both data formats. Everything is checked here, so that the addon may trust it.

type Pair = readonly [number, number];

/** Winners are numbered in 16 bits, of which the last says that there is none. */
const LARGEST_POOL = 65_534;
/** Padding, strides and dilations: libraries count in 32 bits, and some crash where that is not enough. */
const LARGEST_STEP = 2 ** 20;

/** A window over images: sizes are [height, width]. */
export interface Window {
  readonly batch: number;
  readonly channels: number;
  readonly kernel: Pair;
  /** Places of the window. */
  readonly output: Pair;
  /** [N, OH, OW, channels] or [N, channels, OH, OW]. */
  readonly shapeOf: (channels: number) => number[];
  /** What the addon reads; see cc/window.h. */
  pack(groups?: number): number[];
}

interface Attributes {
  readonly strides: number | readonly number[];
  readonly pad: unknown;
  readonly dataFormat?: string;
  readonly dilations?: number | readonly number[] | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | null;
}

/** Places a window of size `kernel` on images of this shape. */
export function placeWindow(shape: readonly number[], kernel: Pair, attrs: object): Window {
  const { strides, pad, dataFormat = 'NHWC', dilations, dimRoundingMode } = attrs as Attributes;
  if (shape.length !== 4) throw new Error(`images have four axes, not ${shape.length} [${shape}]`);
  if (dataFormat !== 'NHWC' && dataFormat !== 'NCHW')
    throw new Error(`the data format is NHWC or NCHW, not ${dataFormat}`);
  const channelsFirst = dataFormat === 'NCHW';
  const [batch, height, width, channels] = (
    channelsFirst ? [shape[0], shape[2], shape[3], shape[1]] : shape
  ) as [number, number, number, number];
  const stride = readPair(strides, 'strides');
  const dilation = readPair(dilations ?? 1, 'dilations');
  const padding = readPadding(pad, channelsFirst);
  const places = [height, width].map((size, axis) =>
    placeAlong(size, (kernel[axis]! - 1) * dilation[axis]! + 1, {
      stride: stride[axis]!,
      padding: padding === 'same' ? 'same' : padding[axis]!,
      rounding: dimRoundingMode ?? 'floor',
    }),
  );
  const output = places.map(({ count }) => count) as unknown as Pair;
  if (output.some((count) => count < 1))
    throw new Error(`a window of [${kernel}] does not fit images of [${height},${width}]`);
  const before = places.map((place) => place.before);
  return {
    batch,
    channels,
    kernel,
    output,
    shapeOf: (depth) => (channelsFirst ? [batch, depth, ...output] : [batch, ...output, depth]),
    pack: (groups = 1) => [
      groups,
      Number(channelsFirst),
      ...kernel,
      ...stride,
      ...dilation,
      ...before,
      ...output,
    ],
  };
}

/** The window of a pool's attributes. */
export function placePool(shape: readonly number[], attrs: object): Window {
  const { filterSize } = attrs as { filterSize: number | readonly number[] };
  const kernel = readPair(filterSize, 'filterSize');
  if (kernel[0] * kernel[1] > LARGEST_POOL)
    throw new Error(`a pool's window has at most ${LARGEST_POOL} pixels, not [${kernel}]`);
  return placeWindow(shape, kernel, attrs);
}

/** tfjs calls any pool the identity whose window is one pixel and whose output has the images' shape. */
export function isIdentityPool({ kernel, channels, shapeOf }: Window, shape: readonly number[]): boolean {
  return kernel[0] * kernel[1] === 1 && shapeOf(channels).every((size, i) => size === shape[i]);
}

/**
 * Where a window stands along one axis: how often, and how far before the first pixel it begins.
 * Differs from tfjs-core's conv_util: a number as padding rounds each axis by its own window and stride.
 */
function placeAlong(
  size: number,
  extent: number,
  {
    stride,
    padding,
    rounding,
  }: { stride: number; padding: Pair | 'same'; rounding: 'floor' | 'round' | 'ceil' },
): { readonly count: number; readonly before: number } {
  if (padding === 'same') {
    const count = Math.ceil(size / stride);
    const total = Math.max(0, (count - 1) * stride + extent - size);
    return { count, before: Math.floor(total / 2) };
  }
  const [before, after] = padding;
  return { count: Math[rounding]((size + before + after - extent) / stride) + 1, before };
}

/** Padding before and after, of height and of width. */
function readPadding(pad: unknown, channelsFirst: boolean): 'same' | readonly [Pair, Pair] {
  if (pad === 'same') return 'same';
  const number = pad === 'valid' ? 0 : pad;
  const pairs = Array.isArray(pad)
    ? pad.slice(channelsFirst ? 2 : 1).slice(0, 2)
    : [
        [number, number],
        [number, number],
      ];
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && pair.every((side) => Number.isInteger(side) && side >= 0);
  if (pairs.length === 2 && pairs.every(isPair) && Math.max(...pairs.flat()) <= LARGEST_STEP)
    return pairs as unknown as [Pair, Pair];
  throw new Error(
    `padding is 'same', 'valid', a whole number or a pair for each axis, not ${JSON.stringify(pad)}`,
  );
}

function readPair(value: number | readonly number[], name: string): Pair {
  const pair = typeof value === 'number' ? [value, value] : value;
  if (
    Array.isArray(pair) &&
    pair.length >= 2 &&
    pair.every((side) => Number.isInteger(side) && side > 0 && side <= LARGEST_STEP)
  )
    return [pair[0]!, pair[1]!];
  throw new Error(`${name} are whole numbers from 1 on, not ${JSON.stringify(value)}`);
}
