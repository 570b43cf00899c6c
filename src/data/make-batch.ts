// Makes one batch: reads its images, makes each view with a random stream of its own, normalises.
// Runs in the loader's threads; what it makes depends on its order alone, never on the thread.

import type { DataConfig, ImageOp } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import { stream } from '../core/rng.ts';
import type { Dataset, RgbImage } from './dataset.ts';
import { readImage } from './read-image.ts';
import { compileTransform } from './transform.ts';

/** What all batches of a loader share. Plain data. */
export interface BatchRecipe {
  readonly dataset: Dataset;
  readonly ops: readonly ImageOp[];
  readonly views: number;
  readonly mean: DataConfig['mean'];
  readonly std: DataConfig['std'];
  readonly seed: number;
}

/** Which batch. */
export interface BatchOrder {
  readonly epoch: number;
  readonly indices: Int32Array;
}

export interface MadeBatch {
  readonly views: Float32Array[];
  readonly size: number;
}

/** Compiles a recipe to the function that makes its batches. */
export function createBatchMaker(recipe: BatchRecipe): (order: BatchOrder) => Promise<MadeBatch> {
  const transform = compileTransform(recipe.ops);
  const tables = recipe.mean.map((mean, c) =>
    Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / recipe.std[c]!),
  );
  return async ({ epoch, indices }) => {
    const views: Float32Array[] = [];
    let size = 0;
    for (const [i, index] of indices.entries()) {
      const image = await readImage(recipe.dataset.images, index);
      for (let view = 0; view < recipe.views; view++) {
        const made = transform(image, stream(recipe.seed, 'augment', epoch, index, view));
        size = requireSquare(made, size);
        const out = views[view] ?? new Float32Array(indices.length * size * size * 3);
        views[view] = out;
        normalise(made, tables, out.subarray(i * size * size * 3));
      }
    }
    return { views, size };
  };
}

function normalise({ pixels }: RgbImage, tables: readonly Float32Array[], out: Float32Array): void {
  const [red, green, blue] = tables as [Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < pixels.length; i += 3) {
    out[i] = red[pixels[i]!]!;
    out[i + 1] = green[pixels[i + 1]!]!;
    out[i + 2] = blue[pixels[i + 2]!]!;
  }
}

function requireSquare({ width, height }: RgbImage, size: number): number {
  if (width === height && (size === 0 || size === width)) return width;
  throw new ProblemError({
    code: 'DATA_SIZES_DIFFER',
    message: `Expected square images of one size after the transform but one is ${width} x ${height}.`,
    hint: 'End the list of operations with randomResizedCrop, randomCrop or centerCrop.',
  });
}
