// Horizontal flip.

import type { RgbImage } from '../dataset.ts';

export function flipHorizontally(image: RgbImage): RgbImage {
  const { width, height, pixels } = image;
  const out = new Uint8Array(pixels.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = width - 1; x >= 0; x--) {
      const from = (y * width + x) * 3;
      out[to++] = pixels[from]!;
      out[to++] = pixels[from + 1]!;
      out[to++] = pixels[from + 2]!;
    }
  }
  return { ...image, pixels: out };
}
