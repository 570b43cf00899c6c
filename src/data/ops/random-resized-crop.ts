// Where RandomResizedCrop cuts, as torchvision's get_params: ten tries for an area and an aspect
// ratio that fit, then the middle of the image.

import type { Rng } from '../../core/rng.ts';
import type { Box, ImageSize } from '../image-step.ts';
import { roundHalfToEven } from './crop.ts';

export interface RandomCropRange {
  /** Share of the image's area, least and most. */
  readonly scale: readonly [number, number];
  /** Width over height, least and most. */
  readonly ratio: readonly [number, number];
}

/** Draws a box inside an image of this size. */
export function drawResizedCrop(
  { width, height }: ImageSize,
  { scale, ratio }: RandomCropRange,
  rng: Rng,
): Box {
  const logRatio = ratio.map(Math.log) as [number, number];
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * between(scale, rng);
    const aspect = Math.exp(between(logRatio, rng));
    const w = roundHalfToEven(Math.sqrt(area * aspect));
    const h = roundHalfToEven(Math.sqrt(area / aspect));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      return { top: rng.integer(height - h + 1), left: rng.integer(width - w + 1), height: h, width: w };
    }
  }
  return middleBox(width, height, ratio);
}

function middleBox(width: number, height: number, [least, most]: readonly [number, number]): Box {
  const ratio = width / height;
  const w = ratio > most ? roundHalfToEven(height * most) : width;
  const h = ratio < least ? roundHalfToEven(width / least) : height;
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}

function between([least, most]: readonly [number, number], rng: Rng): number {
  return least + (most - least) * rng.uniform();
}
