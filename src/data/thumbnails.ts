// Single images as an evaluation sees them, before normalisation.

import type { DataConfig, ImageOp } from '../config/schema/recipe.generated.ts';
import { stream } from '../core/rng.ts';
import { applySteps } from './apply-steps.ts';
import type { RgbImage, Split } from './dataset.ts';
import { compileDrawView } from './draw-view.ts';
import { openDataset } from './open-dataset.ts';
import { readImage } from './read-image.ts';

/** Reads the images of these indices through deterministic operations. Throws DATA_* problems. */
export async function readThumbnails(
  data: DataConfig,
  split: Split,
  { ops, indices }: { readonly ops: readonly ImageOp[]; readonly indices: readonly number[] },
): Promise<RgbImage[]> {
  const { images } = await openDataset(data, split);
  const drawView = compileDrawView(ops);
  const seen: RgbImage[] = [];
  for (const index of indices) {
    const image = await readImage(images, index);
    seen.push(applySteps(image, drawView(image, stream(0, 'thumbnail')).steps));
  }
  return seen;
}
