// torchvision's ColorJitter: brightness, contrast, saturation and hue, each by a random factor, in
// random order.

import { permutation, type Rng } from '../../core/rng.ts';
import type { RgbImage } from '../dataset.ts';
import { adjustBrightness } from './adjust-brightness.ts';
import { adjustContrast } from './adjust-contrast.ts';
import { adjustHue } from './adjust-hue.ts';
import { adjustSaturation } from './adjust-saturation.ts';

/** How far each may go: factors 1 ± strength, not below 0; hue ± strength of the circle. 0 leaves it out. */
export interface JitterStrength {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

export function jitterColors(image: RgbImage, strength: JitterStrength, rng: Rng): RgbImage {
  const around = (reach: number) => {
    const least = Math.max(0, 1 - reach);
    return least + (1 + reach - least) * rng.uniform();
  };
  const order = permutation(rng, 4);
  const factors = [around(strength.brightness), around(strength.contrast), around(strength.saturation)];
  const turn = strength.hue * (2 * rng.uniform() - 1);
  const adjustments = [
    (x: RgbImage) => (strength.brightness ? adjustBrightness(x, factors[0]!) : x),
    (x: RgbImage) => (strength.contrast ? adjustContrast(x, factors[1]!) : x),
    (x: RgbImage) => (strength.saturation ? adjustSaturation(x, factors[2]!) : x),
    (x: RgbImage) => (strength.hue ? adjustHue(x, turn) : x),
  ];
  return order.reduce((jittered, i) => adjustments[i]!(jittered), image);
}
