// PIL's Image.resize with BILINEAR: a triangle filter that widens when it shrinks (antialias), columns
// first and then rows, with 22-bit fixed-point weights and a byte in between. As libImaging/Resample.c.

import type { RgbImage } from '../dataset.ts';
import type { ImageSize } from '../image-step.ts';

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** Resizes to exactly width x height. */
export function resize(image: RgbImage, width: number, height: number): RgbImage {
  const narrowed = image.width === width ? image : resizeColumns(image, width);
  return narrowed.height === height ? narrowed : resizeRows(narrowed, height);
}

/** The size whose shorter side is `size`; the longer is cut to a whole number, as torchvision does. */
export function sizeByShortSide({ width, height }: ImageSize, size: number): ImageSize {
  if (width <= height) return { width: size, height: Math.trunc((size * height) / width) };
  return { width: Math.trunc((size * width) / height), height: size };
}

/** Weights of the input pixels of each output pixel: output i sums inputs from starts[i], `taps` of them. */
interface Weights {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `taps` a pixel, unused ones 0. */
  readonly values: Int32Array;
  readonly taps: number;
}

const cache = new Map<number, Weights>();

function weightsFor(inputSize: number, outputSize: number): Weights {
  const key = inputSize * 65536 + outputSize;
  const known = cache.get(key);
  if (known) return known;
  const weights = computeWeights(inputSize, outputSize);
  if (cache.size > 4096) cache.clear();
  cache.set(key, weights);
  return weights;
}

function computeWeights(inputSize: number, outputSize: number): Weights {
  const scale = inputSize / outputSize;
  const support = Math.max(1, scale);
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const values = new Int32Array(outputSize * taps);
  for (let i = 0; i < outputSize; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inputSize, Math.trunc(center + support + 0.5));
    const raw = Array.from({ length: end - start }, (_, x) => triangle((x + start - center + 0.5) / support));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    starts[i] = start;
    counts[i] = end - start;
    raw.forEach((weight, x) => {
      values[i * taps + x] = Math.trunc(0.5 + (weight / total) * (1 << PRECISION_BITS));
    });
  }
  return { starts, counts, values, taps };
}

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

function resizeColumns(image: RgbImage, width: number): RgbImage {
  const { height, pixels } = image;
  const { starts, counts, values, taps } = weightsFor(image.width, width);
  const out = new Uint8Array(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let at = (y * image.width + starts[x]!) * 3;
      let [r, g, b] = [HALF, HALF, HALF];
      for (let tap = x * taps, end = tap + counts[x]!; tap < end; tap++, at += 3) {
        const weight = values[tap]!;
        r += pixels[at]! * weight;
        g += pixels[at + 1]! * weight;
        b += pixels[at + 2]! * weight;
      }
      out[to++] = toByte(r);
      out[to++] = toByte(g);
      out[to++] = toByte(b);
    }
  }
  return { width, height, pixels: out };
}

function resizeRows(image: RgbImage, height: number): RgbImage {
  const { width, pixels } = image;
  const { starts, counts, values, taps } = weightsFor(image.height, height);
  const stride = width * 3;
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < stride; i++) {
      let sum = HALF;
      let at = starts[y]! * stride + i;
      for (let tap = y * taps, end = tap + counts[y]!; tap < end; tap++, at += stride) {
        sum += pixels[at]! * values[tap]!;
      }
      out[y * stride + i] = toByte(sum);
    }
  }
  return { width, height, pixels: out };
}

function toByte(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return Math.max(0, Math.min(255, value));
}
