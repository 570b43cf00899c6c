// Runs a plan on one image by a renderer of the loader's. Those fill squares: the plan is put in one, black
// around, and cut out again.

import type { RgbImage } from '../data/dataset.ts';
import type { ViewPlan } from '../data/image-step.ts';
import { crop } from '../data/ops/crop.ts';
import type { Renderer } from '../data/renderer.ts';

/** Tables that leave every byte as it is. */
export const PLAIN_TABLES = Float32Array.from({ length: 3 * 256 }, (_, i) => i % 256);

/** The bytes that a renderer with PLAIN_TABLES makes. */
export function renderPlan(render: Renderer, image: RgbImage, plan: ViewPlan): RgbImage {
  const { size, view } = renderSquare(render, image, plan);
  const square = { width: size, height: size, pixels: Uint8Array.from(view) };
  return crop(square, { top: 0, left: 0, width: plan.width, height: plan.height });
}

/** The values that a renderer makes, [H, W, 3]. */
export function renderValues(render: Renderer, image: RgbImage, plan: ViewPlan): Float32Array {
  const { size, view } = renderSquare(render, image, plan);
  const { width, height } = plan;
  const values = new Float32Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    values.set(view.subarray(y * size * 3, (y * size + width) * 3), y * width * 3);
  }
  return values;
}

function renderSquare(
  render: Renderer,
  image: RgbImage,
  { steps, width, height }: ViewPlan,
): { readonly size: number; readonly view: Float32Array } {
  const size = Math.max(width, height);
  const box = { top: 0, left: 0, width: size, height: size };
  const plan = { steps: [...steps, { kind: 'crop', box } as const], width: size, height: size };
  const view = new Float32Array(size * size * 3);
  render({ images: [image], plans: [[plan]], views: [view], first: 0, size });
  return { size, view };
}
