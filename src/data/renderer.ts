// Makes views of images: carries out their steps and normalises. Two of them, with the same bits: the
// TypeScript one here, and native-renderer.ts on the addon.

import { applySteps } from './apply-steps.ts';
import type { RgbImage } from './dataset.ts';
import type { ViewPlan } from './image-step.ts';

/** Some images of a batch, and where their views go. */
export interface RenderOrder {
  readonly images: readonly RgbImage[];
  /** Per image, the plan of each view. All leave size x size. */
  readonly plans: readonly (readonly ViewPlan[])[];
  /** Per view, [N, S, S, 3] flat. */
  readonly views: readonly Float32Array[];
  /** Place of the first image in the batch. */
  readonly first: number;
  /** S. */
  readonly size: number;
}

/** Writes the views of some images. */
export type Renderer = (order: RenderOrder) => void;

/** What each byte becomes, 256 values a channel: (value / 255 - mean) / std. */
export function tabulateNormalisation(mean: readonly number[], std: readonly number[]): Float32Array {
  const tables = new Float32Array(3 * 256);
  for (let c = 0; c < 3; c++)
    for (let value = 0; value < 256; value++) tables[c * 256 + value] = (value / 255 - mean[c]!) / std[c]!;
  return tables;
}

/** @param tables of `tabulateNormalisation` */
export function createTypescriptRenderer(tables: Float32Array): Renderer {
  return ({ images, plans, views, first, size }) => {
    images.forEach((image, i) => {
      plans[i]!.forEach(({ steps }, view) => {
        const out = views[view]!.subarray((first + i) * size * size * 3);
        normalise(applySteps(image, steps), tables, out);
      });
    });
  };
}

function normalise({ pixels }: RgbImage, tables: Float32Array, out: Float32Array): void {
  for (let i = 0; i < pixels.length; i += 3) {
    out[i] = tables[pixels[i]!]!;
    out[i + 1] = tables[256 + pixels[i + 1]!]!;
    out[i + 2] = tables[512 + pixels[i + 2]!]!;
  }
}
