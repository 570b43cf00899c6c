// torchvision's ColorJitter: brightness, contrast, saturation and hue, each by a random factor, in
// random order.

import { permutation, type Rng } from '../../core/rng.ts';
import type { ImageStep } from '../image-step.ts';

/** How far each may go: factors 1 ± strength, not below 0; hue ± strength of the circle. 0 leaves it out. */
export interface JitterStrength {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

/** Draws the factors and their order. The same numbers are drawn whatever is left out. */
export function drawJitter(strength: JitterStrength, rng: Rng): ImageStep[] {
  const around = (reach: number) => {
    const least = Math.max(0, 1 - reach);
    return least + (1 + reach - least) * rng.uniform();
  };
  const order = permutation(rng, 4);
  const steps = [
    { kind: 'brightness', factor: around(strength.brightness) },
    { kind: 'contrast', factor: around(strength.contrast) },
    { kind: 'saturation', factor: around(strength.saturation) },
    { kind: 'hue', factor: strength.hue * (2 * rng.uniform() - 1) },
  ] as const;
  return Array.from(order, (i) => steps[i]!).filter(({ kind }) => strength[kind] > 0);
}
