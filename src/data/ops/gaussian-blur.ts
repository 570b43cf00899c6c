// PIL's ImageFilter.GaussianBlur: three passes of an extended box blur (Gwosdek et al. 2011), in
// 24-bit fixed point, rows first and then columns. Pixels outside repeat the border.

import type { RgbImage } from '../dataset.ts';

const PASSES = 3;
const ONE = 1 << 24;

/** @param sigma standard deviation in pixels, as PIL's `radius` */
export function blurGaussian(image: RgbImage, sigma: number): RgbImage {
  const radius = boxRadius(sigma);
  if (radius === 0) return image;
  const { width, height } = image;
  let from: Uint8Array = image.pixels;
  let to: Uint8Array = new Uint8Array(image.pixels.length);
  const spare = new Uint8Array(image.pixels.length);
  const pass = (lines: Lines) => {
    blurLines(from, to, { ...lines, radius });
    [from, to] = [to, from === image.pixels ? spare : from];
  };
  for (let i = 0; i < PASSES; i++) pass({ count: height, lineStride: width * 3, length: width, stride: 3 });
  for (let i = 0; i < PASSES; i++) pass({ count: width, lineStride: 3, length: height, stride: width * 3 });
  return { ...image, pixels: from };
}

/** Radius, not a whole number, of a box whose three passes have the variance of the Gaussian. */
function boxRadius(sigma: number): number {
  const f = Math.fround;
  const variance = f((sigma * sigma) / PASSES);
  const length = f(Math.sqrt(12 * variance + 1));
  const whole = f(Math.floor((length - 1) / 2));
  const share = f((2 * whole + 1) * (whole * (whole + 1) - 3 * variance));
  return f(whole + f(share / (6 * (variance - (whole + 1) * (whole + 1)))));
}

/** Rows or columns of an image, as strides into its bytes. */
interface Lines {
  readonly count: number;
  readonly lineStride: number;
  readonly length: number;
  readonly stride: number;
}

function blurLines(from: Uint8Array, to: Uint8Array, lines: Lines & { readonly radius: number }): void {
  const { count, lineStride, length, stride, radius } = lines;
  const whole = Math.trunc(radius);
  const full = Math.trunc(ONE / Math.fround(radius * 2 + 1));
  const edge = Math.trunc((ONE - (whole * 2 + 1) * full) / 2);
  const last = length - 1;
  for (let line = 0; line < count; line++) {
    for (let channel = 0; channel < 3; channel++) {
      const start = line * lineStride + channel;
      const at = (x: number) => from[start + Math.max(0, Math.min(last, x)) * stride]!;
      let sum = 0;
      for (let x = -whole - 1; x < whole; x++) sum += at(x);
      for (let x = 0; x < length; x++) {
        sum += at(x + whole) - at(x - whole - 1);
        const total = sum * full + (at(x - whole - 1) + at(x + whole + 1)) * edge;
        to[start + x * stride] = Math.floor((total + ONE / 2) / ONE);
      }
    }
  }
}
