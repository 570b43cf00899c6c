// Single images as an evaluation sees them, before normalisation.

import type { DataConfig, ImageOp } from '../config/schema/recipe.generated.ts';
import { stream } from '../core/rng.ts';
import { applySteps } from './apply-steps.ts';
import { type BadImagePolicy, REFUSE_BAD, readOrReplace } from './bad-image.ts';
import type { RgbImage, Split } from './dataset.ts';
import { compileDrawView } from './draw-view.ts';
import { openDataset } from './open-dataset.ts';

/** Reads the images of these indices through deterministic operations. Throws DATA_* problems. */
export async function readThumbnails(
  data: DataConfig,
  split: Split,
  {
    ops,
    indices,
    badImages = REFUSE_BAD,
  }: {
    readonly ops: readonly ImageOp[];
    readonly indices: readonly number[];
    readonly badImages?: BadImagePolicy;
  },
): Promise<RgbImage[]> {
  const { images } = await openDataset(data, split);
  const drawView = compileDrawView(ops);
  const seen: RgbImage[] = [];
  for (const index of indices) {
    const { image } = await readOrReplace(images, index, badImages);
    seen.push(applySteps(image, drawView(image, stream(0, 'thumbnail')).steps));
  }
  return seen;
}
