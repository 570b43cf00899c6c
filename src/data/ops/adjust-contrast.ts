// ImageEnhance.Contrast: a blend with the image's mean luma, rounded to a whole byte.

import type { RgbImage } from '../dataset.ts';
import { blend } from './blend.ts';
import { lumaAt } from './grayscale.ts';

/** Factor 1 leaves the image, 0 makes it an even gray. */
export function adjustContrast(image: RgbImage, factor: number): RgbImage {
  const { pixels } = image;
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 3) sum += lumaAt(pixels, at);
  const mean = Math.floor(sum / (pixels.length / 3) + 0.5);
  return blend(image, factor, () => mean);
}
