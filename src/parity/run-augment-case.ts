// Recomputes a case of make_augment_golden.py: every image operation against PIL's own pixels, and the
// boxes of RandomResizedCrop on average. No engine takes part: images are prepared in the loader's threads.

import type { AugmentCase, PackedImage } from '../config/schema/parity.generated.ts';
import { stream } from '../core/rng.ts';
import type { RgbImage } from '../data/dataset.ts';
import { findImageAddon } from '../data/find-image-addon.ts';
import { createNativeRenderer } from '../data/native-renderer.ts';
import { drawResizedCrop } from '../data/ops/random-resized-crop.ts';
import { createTypescriptRenderer, type Renderer, tabulateNormalisation } from '../data/renderer.ts';
import { type Comparison, compare } from './comparison.ts';
import { makePhoto } from './formulas.ts';
import { planNamedOp } from './image-op-names.ts';
import { PLAIN_TABLES, renderPlan, renderValues } from './render-plan.ts';

/** Bytes: 1/255 of the range in the mean, and 2/255 at the worst pixel. */
const MEAN_TOLERANCE = 1;
const WORST_TOLERANCE = 2;

/** Who renders images, by the words that the table has for it. */
export type Renderers = { readonly [name: string]: (tables: Float32Array) => Renderer };

/** What can render here: TypeScript always, and the addon where one is installed. */
export function listRenderers(): Renderers {
  const addon = findImageAddon();
  return {
    TypeScript: createTypescriptRenderer,
    ...(addon ? { addon: (tables) => createNativeRenderer(addon, tables) } : {}),
  };
}

/** Computes the case. Its operations are known (readCase). */
export function runAugmentCase(given: AugmentCase, renderers: Renderers = listRenderers()): Comparison[] {
  const { input, ops, normalize, random_resized_crop } = given;
  const { height, width } = input;
  const image: RgbImage = { height, width, pixels: makePhoto(height, width) };
  const byRenderer = Object.entries(renderers).flatMap(([by, create]) => {
    const render = create(PLAIN_TABLES);
    const made = Object.entries(ops).flatMap(([name, theirs]) =>
      compareImages(`${name}, ${by}`, renderPlan(render, image, planNamedOp(name, image)!), theirs),
    );
    const normalised = renderValues(create(tabulateNormalisation(normalize.mean, normalize.std)), image, {
      ...input,
      steps: [],
    });
    return [...made, ...compareNormalised(`normalize, ${by}`, normalised, normalize)];
  });
  return [
    ...compareImages('the input by its formula', image, input),
    ...byRenderer,
    ...compareBoxes(random_resized_crop),
  ];
}

function compareImages(group: string, ours: RgbImage, packed: PackedImage): Comparison[] {
  const size = [
    compare({ group, at: 'height' }, ours.height, packed.height, 0),
    compare({ group, at: 'width' }, ours.width, packed.width, 0),
  ];
  if (size.some(({ difference }) => difference > 0)) return size;
  const theirs = Buffer.from(packed.rgb_base64, 'base64');
  const distances = ours.pixels.map((value, i) => Math.abs(value - theirs[i]!));
  const worst = distances.reduce((at, value, i) => (value > distances[at]! ? i : at), 0);
  const mean = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [
    {
      group,
      at: 'mean of 255',
      ours: mean(ours.pixels),
      theirs: mean(theirs),
      difference: mean(distances),
      tolerance: MEAN_TOLERANCE,
    },
    compare({ group, at: 'worst of 255' }, ours.pixels[worst]!, theirs[worst]!, WORST_TOLERANCE),
  ];
}

/** Relative to the range of values, which is about -2 to 2. */
const FLOAT32_ROUNDING = 1e-5;

function compareNormalised(
  group: string,
  ours: Float32Array,
  theirs: AugmentCase['normalize'],
): Comparison[] {
  const channelMean = (c: number) =>
    ours.reduce((sum, value, i) => (i % 3 === c ? sum + value : sum), 0) / (ours.length / 3);
  return [
    ...theirs.first_pixel.map((value, c) =>
      compare({ group, at: `first pixel [${c}]` }, ours[c]!, value, FLOAT32_ROUNDING),
    ),
    ...theirs.channel_means.map((value, c) =>
      compare({ group, at: `channel mean [${c}]` }, channelMean(c), value, FLOAT32_ROUNDING),
    ),
  ];
}

const OUR_DRAWS = 200_000;
const MEAN_SHARE = 0.01;

/** Within 1 %, and three standard errors over so few draws as theirs (of a standard deviation: at most). */
function compareBoxes(theirs: AugmentCase['random_resized_crop']): Comparison[] {
  const [width, height] = theirs.image.match(/\d+/g)!.map(Number) as [number, number];
  const rng = stream(0, 'boxes');
  const range = { scale: [0.2, 1], ratio: [3 / 4, 4 / 3] } as const;
  const boxes = Array.from({ length: OUR_DRAWS }, () => drawResizedCrop({ width, height }, range, rng));
  const row = (at: string, values: readonly number[], reference: number) => {
    const { mean, std } = describeSample(values);
    const tolerance = MEAN_SHARE * Math.abs(reference) + (3 * std) / Math.sqrt(theirs.draws);
    return compare({ group: 'random resized crop, mean', at }, mean, reference, tolerance);
  };
  const spread = (at: string, values: readonly number[], reference: number) => {
    const { std } = describeSample(values);
    const tolerance = MEAN_SHARE * reference + (3 * reference) / Math.sqrt(theirs.draws);
    return compare({ group: 'random resized crop, standard deviation', at }, std, reference, tolerance);
  };
  const sides = (['top', 'left', 'height', 'width'] as const).map((side) => ({
    side,
    values: boxes.map((box) => box[side]),
  }));
  return [
    ...sides.map(({ side, values }, i) => row(side, values, theirs.mean[i]!)),
    row(
      'share of the area',
      boxes.map((box) => (box.height * box.width) / (height * width)),
      theirs.mean_area_fraction,
    ),
    ...sides.map(({ side, values }, i) => spread(side, values, theirs.std[i]!)),
  ];
}

function describeSample(values: readonly number[]): { readonly mean: number; readonly std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}
