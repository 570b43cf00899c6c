// ImageEnhance.Color: a blend with the image in gray.

import type { RgbImage } from '../dataset.ts';
import { blend } from './blend.ts';
import { lumaAt } from './grayscale.ts';

/** Factor 1 leaves the image, 0 makes it gray. */
export function adjustSaturation(image: RgbImage, factor: number): RgbImage {
  return blend(image, factor, (index) => lumaAt(image.pixels, index - (index % 3)));
}
