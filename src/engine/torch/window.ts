// The windows of convolutions and pools: square strides and one padding for every side, as PyTorch has
// them. TensorFlow's 'same' is refused, because at stride 2 it pads only right and bottom.

/** Stride and padding of a convolution's attributes. */
export function readWindow(attrs: { readonly [name: string]: unknown }): Window {
  const {
    strides,
    pad,
    dataFormat = 'NHWC',
    dilations = 1,
  } = attrs as {
    strides: number | [number, number];
    pad: unknown;
    dataFormat?: string;
    dilations?: number | [number, number];
  };
  if (dataFormat !== 'NHWC') throw new Error(`the data format is NHWC, not ${dataFormat}`);
  if (readSide(dilations, 'dilations') !== 1) throw new Error('dilations are not there');
  return { stride: readSide(strides, 'strides'), padding: readPadding(pad) };
}

export interface Window {
  readonly stride: number;
  readonly padding: number;
}

/** The same, and the window's side, of a pool's attributes. */
export function readPool(attrs: { readonly [name: string]: unknown }): Window & { readonly size: number } {
  const { filterSize } = attrs as { filterSize: number | [number, number] };
  return { ...readWindow({ ...attrs, dilations: 1 }), size: readSide(filterSize, 'filterSize') };
}

export function outputSize(input: number, kernel: number, { stride, padding }: Window): number {
  return Math.floor((input + 2 * padding - kernel) / stride) + 1;
}

function readSide(value: number | readonly number[], name: string): number {
  const sides = Array.isArray(value) ? (value as number[]) : [value as number];
  if (sides.some((side) => side !== sides[0])) throw new Error(`${name} must be square, not ${sides}`);
  return sides[0]!;
}

function readPadding(pad: unknown): number {
  if (pad === 'valid') return 0;
  if (typeof pad === 'number') return pad;
  throw new Error(`padding is a number for every side or 'valid', not ${JSON.stringify(pad)}`);
}
