// The windows of a convolution as rows of a matrix (im2col), some rows at a time, and back.

import type * as tf from '@tensorflow/tfjs-core';

export type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/** A run of output pixels: rows of the matrix, counted over images, rows and columns. */
export interface PixelRange {
  readonly from: number;
  readonly count: number;
}

/** Where a window begins in memory, for a filter's row and column; below 0 outside of the image. */
function locateTap(info: ConvInfo, pixel: number, [ky, kx]: readonly [number, number]): number {
  const { outHeight, outWidth, inHeight, inWidth, inChannels, padInfo } = info;
  const column = pixel % outWidth;
  const row = Math.floor(pixel / outWidth) % outHeight;
  const image = Math.floor(pixel / (outWidth * outHeight));
  const y = row * info.strideHeight + ky * info.dilationHeight - padInfo.top;
  const x = column * info.strideWidth + kx * info.dilationWidth - padInfo.left;
  if (y < 0 || y >= inHeight || x < 0 || x >= inWidth) return -1;
  return ((image * inHeight + y) * inWidth + x) * inChannels;
}

/** Calls `visit(row of the matrix, column of the matrix, place in the image)` for each tap; a place below 0 is padding. */
function eachTap(
  info: ConvInfo,
  { from, count }: PixelRange,
  visit: (row: number, column: number, place: number) => void,
): void {
  for (let row = 0; row < count; row++)
    for (let ky = 0, column = 0; ky < info.filterHeight; ky++)
      for (let kx = 0; kx < info.filterWidth; kx++, column += info.inChannels)
        visit(row, column, locateTap(info, from + row, [ky, kx]));
}

/** Numbers of a window: taps by channels. */
export function windowSize({ filterHeight, filterWidth, inChannels }: ConvInfo): number {
  return filterHeight * filterWidth * inChannels;
}

/** Windows as rows. x [N, H, W, C] -> out [count, windowSize] */
export function gatherWindows(x: Float32Array, out: Float64Array, { info, range }: Patches): void {
  const size = windowSize(info);
  const { inChannels } = info;
  eachTap(info, range, (row, column, place) => {
    const at = row * size + column;
    if (place < 0) out.fill(0, at, at + inChannels);
    else for (let c = 0; c < inChannels; c++) out[at + c] = x[place + c]!;
  });
}

/** Windows as columns. x [N, H, W, C] -> out [windowSize, count] */
export function gatherWindowColumns(x: Float32Array, out: Float64Array, { info, range }: Patches): void {
  const { inChannels } = info;
  eachTap(info, range, (row, column, place) => {
    for (let c = 0, at = column * range.count + row; c < inChannels; c++, at += range.count)
      out[at] = place < 0 ? 0 : x[place + c]!;
  });
}

/** Adds rows of windows to the images that they were cut from. windows [count, windowSize] -> dx [N, H, W, C] */
export function scatterWindows(windows: Float64Array, dx: Float64Array, { info, range }: Patches): void {
  const size = windowSize(info);
  const { inChannels } = info;
  eachTap(info, range, (row, column, place) => {
    if (place < 0) return;
    const at = row * size + column;
    for (let c = 0; c < inChannels; c++) dx[place + c] = dx[place + c]! + windows[at + c]!;
  });
}

interface Patches {
  readonly info: ConvInfo;
  readonly range: PixelRange;
}

/** All output pixels in runs of at most `most`. */
export function* splitPixels(
  { batchSize, outHeight, outWidth }: ConvInfo,
  most: number,
): Generator<PixelRange> {
  const total = batchSize * outHeight * outWidth;
  for (let from = 0; from < total; from += most) yield { from, count: Math.min(most, total - from) };
}
