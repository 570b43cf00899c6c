// Makes one batch: reads its images, draws each view from a random stream of its own, renders the views.
// Runs in the loader's threads; what it makes depends on its order alone, never on the thread.

import type { DataConfig, ImageOp } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import { stream } from '../core/rng.ts';
import { type BadImage, type BadImagePolicy, REFUSE_BAD, readOrReplace } from './bad-image.ts';
import type { Dataset, RgbImage } from './dataset.ts';
import { compileDrawView } from './draw-view.ts';
import type { ImageSize, ViewPlan } from './image-step.ts';
import { createNativeRenderer } from './native-renderer.ts';
import { createTypescriptRenderer, tabulateNormalisation } from './renderer.ts';

/** What all batches of a loader share. Plain data. */
export interface BatchRecipe {
  readonly dataset: Dataset;
  readonly ops: readonly ImageOp[];
  readonly mean: DataConfig['mean'];
  readonly std: DataConfig['std'];
  readonly seed: number;
  /** Absent: an image that cannot be read is a problem. */
  readonly badImages?: BadImagePolicy | undefined;
  /** File of the addon that renders; absent: TypeScript does, with the same bits. */
  readonly imageAddon?: string | undefined;
}

/** Which batch. */
export interface BatchOrder {
  readonly epoch: number;
  readonly parts: readonly BatchPart[];
}

/** These crops of these images. */
interface BatchPart {
  readonly views: readonly number[];
  readonly indices: Int32Array;
}

export interface MadeBatch {
  /** Those of the parts, one after the other. */
  readonly views: Float32Array[];
  readonly size: number;
  /** Images that were asked for and are not in it. */
  readonly bad: readonly BadImage[];
}

/** Images that are held decoded at a time: bounds memory where they are large. */
const GROUP_BYTES = 2 ** 24;

/** Compiles a recipe to the function that makes its batches. */
export function createBatchMaker(recipe: BatchRecipe): (order: BatchOrder) => Promise<MadeBatch> {
  const { seed, imageAddon } = recipe;
  const drawView = compileDrawView(recipe.ops);
  const tables = tabulateNormalisation(recipe.mean, recipe.std);
  const render = imageAddon ? createNativeRenderer(imageAddon, tables) : createTypescriptRenderer(tables);
  const makePart = async (epoch: number, { views: numbers, indices }: BatchPart, batch: MadeBatch) => {
    let [views, size]: [Float32Array[], number] = [[], batch.size];
    const bad = [...batch.bad];
    for await (const { first, images } of readGroups(recipe, { indices, bad })) {
      const plans = images.map((image, i) =>
        numbers.map((view): ViewPlan => {
          const plan = drawView(image, stream(seed, 'augment', epoch, indices[first + i]!, view));
          size = requireSquare(plan, size);
          return plan;
        }),
      );
      if (views.length === 0) views = numbers.map(() => new Float32Array(indices.length * size * size * 3));
      render({ images, plans, views, first, size });
    }
    // A share of a last, small batch may have no images.
    if (views.length === 0) views = numbers.map(() => new Float32Array(0));
    return { views: [...batch.views, ...views], size, bad };
  };
  return async ({ epoch, parts }) => {
    let batch: MadeBatch = { views: [], size: 0, bad: [] };
    for (const part of parts) batch = await makePart(epoch, part, batch);
    return batch;
  };
}

interface ImageGroup {
  /** Place of its first image in the batch. */
  readonly first: number;
  readonly images: readonly RgbImage[];
}

/** The images of a batch in order, as many at a time as GROUP_BYTES allows. Notes bad ones down. */
async function* readGroups(
  { dataset, badImages = REFUSE_BAD }: BatchRecipe,
  { indices, bad }: { readonly indices: Int32Array; readonly bad: BadImage[] },
): AsyncGenerator<ImageGroup, void, undefined> {
  let [images, bytes]: [RgbImage[], number] = [[], 0];
  for (const [i, index] of indices.entries()) {
    const { image, bad: found } = await readOrReplace(dataset.images, index, badImages);
    if (found) bad.push(found);
    images.push(image);
    bytes += image.pixels.length;
    if (bytes < GROUP_BYTES && i + 1 < indices.length) continue;
    yield { first: i + 1 - images.length, images };
    [images, bytes] = [[], 0];
  }
}

function requireSquare({ width, height }: ImageSize, size: number): number {
  if (width === height && (size === 0 || size === width)) return width;
  throw new ProblemError({
    code: 'DATA_SIZES_DIFFER',
    message: `Expected square images of one size after the transform but one is ${width} x ${height}.`,
    hint: 'End the list of operations with randomResizedCrop, randomCrop or centerCrop.',
  });
}
