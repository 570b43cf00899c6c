// ImageEnhance.Brightness: a blend with black.

import type { RgbImage } from '../dataset.ts';
import { blend } from './blend.ts';

/** Factor 1 leaves the image, 0 makes it black. */
export function adjustBrightness(image: RgbImage, factor: number): RgbImage {
  return blend(image, factor, () => 0);
}
