// PIL's Image.blend, which all of ImageEnhance is made of, to the bit: float32 arithmetic, cut off
// (not rounded) to uint8, clipped where the factor extrapolates.

import type { RgbImage } from '../dataset.ts';

/** `base + factor (image - base)` for each byte; `baseOf` gives the byte that factor 0 would leave. */
export function blend(image: RgbImage, factor: number, baseOf: (index: number) => number): RgbImage {
  const { pixels } = image;
  const alpha = Math.fround(factor);
  const out = new Uint8Array(pixels.length);
  for (let i = 0; i < out.length; i++) {
    const base = baseOf(i);
    const value = Math.fround(base + Math.fround(alpha * (pixels[i]! - base)));
    out[i] = Math.max(0, Math.min(255, value));
  }
  return { ...image, pixels: out };
}
