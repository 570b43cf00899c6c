// Runs steps on one image by a renderer and gives the bytes, square: what is missing is black.

import type { RgbImage } from '../../src/data/dataset.ts';
import type { ImageStep } from '../../src/data/image-step.ts';
import type { Renderer } from '../../src/data/renderer.ts';

/** Tables that leave every byte as it is. */
export const plainTables = Float32Array.from({ length: 3 * 256 }, (_, i) => i % 256);

/** @param made size that the steps leave */
export function renderBytes(
  render: Renderer,
  {
    image,
    steps,
    made,
  }: { image: RgbImage; steps: readonly ImageStep[]; made: { width: number; height: number } },
): RgbImage {
  const size = Math.max(made.width, made.height);
  const box = { top: 0, left: 0, width: size, height: size };
  const plan = { steps: [...steps, { kind: 'crop', box } as const], width: size, height: size };
  const view = new Float32Array(size * size * 3);
  render({ images: [image], plans: [[plan]], views: [view], first: 0, size });
  return { width: size, height: size, pixels: Uint8Array.from(view) };
}
