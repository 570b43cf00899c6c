// A made-up set for tests and trials: each class has its colours and its waves, each image its own
// phase and noise. Learnable, but not from one pixel.

import { deriveSeed, stream } from '../core/rng.ts';
import type { Dataset, Split } from './dataset.ts';

export interface SyntheticConfig {
  readonly classes: number;
  readonly train: number;
  readonly val: number;
  /** Side of the square images, pixels. */
  readonly size: number;
}

/** Draws a split; the same numbers every time. */
export function openSynthetic(split: Split, config: SyntheticConfig): Dataset {
  const count = config[split];
  const bytes = config.size * config.size * 3;
  const shared = new SharedArrayBuffer(count * bytes);
  const pixels = new Uint8Array(shared);
  const labels = Int32Array.from({ length: count }, (_, i) => i % config.classes);
  labels.forEach((label, i) => {
    drawImage(pixels.subarray(i * bytes, (i + 1) * bytes), config.size, {
      label,
      seed: deriveSeed(0, split, i),
    });
  });
  return {
    classes: Array.from({ length: config.classes }, (_, i) => `class-${i}`),
    labels,
    images: {
      kind: 'pixels',
      name: `synthetic ${split}`,
      width: config.size,
      height: config.size,
      pixels: shared,
      positions: Int32Array.from({ length: count }, (_, i) => i),
    },
  };
}

function drawImage(out: Uint8Array, size: number, { label, seed }: { label: number; seed: number }): void {
  const ofClass = stream(0, 'class', label);
  const waves = Array.from({ length: 3 }, () => ({
    x: (ofClass.uniform() - 0.5) * 1.5,
    y: (ofClass.uniform() - 0.5) * 1.5,
    level: 90 + 70 * ofClass.uniform(),
  }));
  const rng = stream(seed, 'image');
  const phase = 2 * Math.PI * rng.uniform();
  for (let i = 0; i < out.length; i++) {
    const { x, y, level } = waves[i % 3]!;
    const pixel = Math.floor(i / 3);
    const wave = Math.sin(x * (pixel % size) + y * Math.floor(pixel / size) + phase);
    out[i] = Math.max(0, Math.min(255, level + 45 * wave + 20 * (2 * rng.uniform() - 1)));
  }
}
