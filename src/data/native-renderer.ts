// The renderer on the addon: the steps of a group of images become one list of numbers, and one call
// carries them all out.

import { createRequire } from 'node:module';
import type { RgbImage } from './dataset.ts';
import type { ImageStep, ViewPlan } from './image-step.ts';
import type { Renderer } from './renderer.ts';

/** Those for which the addon has loops of its own; `plain` is what the compiler makes without options. */
export type InstructionSet = 'avx512' | 'avx2' | 'plain';

interface ImageAddon {
  /**
   * @param sizes  width and height of each image
   * @param steps  of each view of each image, each ended by a 0
   * @param tables [3, 256]
   * @param views  [N, S, S, 3] each; the images go to `first` and after
   * @param instructions absent: the best that the processor has
   */
  renderViews(
    images: readonly Uint8Array[],
    sizes: Int32Array,
    steps: Float64Array,
    tables: Float32Array,
    views: readonly Float32Array[],
    first: number,
    size: number,
    instructions?: InstructionSet,
  ): void;
}

/**
 * Loads the addon into this thread.
 *
 * @param addon  its file
 * @param tables of `tabulateNormalisation`
 * @param instructions absent: the best that the processor has
 */
export function createNativeRenderer(
  addon: string,
  tables: Float32Array,
  instructions?: InstructionSet,
): Renderer {
  const { renderViews } = createRequire(import.meta.url)(addon) as ImageAddon;
  return ({ images, plans, views, first, size }) => {
    const pixels = images.map((image) => image.pixels);
    renderViews(pixels, listSizes(images), encodePlans(plans), tables, views, first, size, instructions);
  };
}

function listSizes(images: readonly RgbImage[]): Int32Array {
  return Int32Array.from(images.flatMap(({ width, height }) => [width, height]));
}

function encodePlans(plans: readonly (readonly ViewPlan[])[]): Float64Array {
  const numbers: number[] = [];
  for (const views of plans) {
    for (const { steps } of views) {
      for (const step of steps) encodeStep(step, numbers);
      numbers.push(0);
    }
  }
  return Float64Array.from(numbers);
}

/** Codes as the addon's image-steps.cc has them. */
const codes: { readonly [Kind in ImageStep['kind']]: number } = {
  crop: 1,
  resize: 2,
  flip: 3,
  brightness: 4,
  contrast: 5,
  saturation: 6,
  hue: 7,
  grayscale: 8,
  blur: 9,
};

function encodeStep(step: ImageStep, numbers: number[]): void {
  const code = codes[step.kind];
  switch (step.kind) {
    case 'crop':
      numbers.push(code, step.box.top, step.box.left, step.box.height, step.box.width);
      break;
    case 'resize':
      numbers.push(code, step.width, step.height);
      break;
    case 'flip':
    case 'grayscale':
      numbers.push(code);
      break;
    case 'blur':
      numbers.push(code, step.sigma);
      break;
    default:
      numbers.push(code, step.factor);
  }
}
