// Luma as PIL's convert('L'): ITU-R 601 in 16-bit fixed point.

import type { RgbImage } from '../dataset.ts';

/** Luma of the pixel whose red byte is at `at`. */
export function lumaAt(pixels: Uint8Array, at: number): number {
  return (19595 * pixels[at]! + 38470 * pixels[at + 1]! + 7471 * pixels[at + 2]! + 0x8000) >> 16;
}

/** Gray in all three channels. */
export function convertToGrayscale(image: RgbImage): RgbImage {
  const out = new Uint8Array(image.pixels.length);
  for (let at = 0; at < out.length; at += 3) out.fill(lumaAt(image.pixels, at), at, at + 3);
  return { ...image, pixels: out };
}
