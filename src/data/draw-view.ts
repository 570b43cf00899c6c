// Compiles a recipe's list of image operations to the function that draws a view's steps. All that is
// random is drawn here, in the recipe's order; the pixels come later.

import type { ImageOp } from '../config/schema/recipe.generated.ts';
import type { Rng } from '../core/rng.ts';
import type { Box, ImageSize, ImageStep, ViewPlan } from './image-step.ts';
import { drawJitter } from './ops/color-jitter.ts';
import { locateCenter } from './ops/crop.ts';
import { drawResizedCrop } from './ops/random-resized-crop.ts';
import { sizeByShortSide } from './ops/resize.ts';

/** Draws from the stream alone, so equal streams give equal steps. */
export type DrawView = (image: ImageSize, rng: Rng) => ViewPlan;

/** The steps of one operation on an image of this size. */
type DrawOp = (image: ImageSize, rng: Rng) => readonly ImageStep[];

/** Chains operations. */
export function compileDrawView(ops: readonly ImageOp[]): DrawView {
  const draws = ops.map(compileOp);
  return (image, rng) => {
    const steps: ImageStep[] = [];
    let size = image;
    for (const draw of draws) {
      for (const step of draw(size, rng)) {
        steps.push(step);
        size = sizeAfter(step, size);
      }
    }
    return { steps, width: size.width, height: size.height };
  };
}

function sizeAfter(step: ImageStep, size: ImageSize): ImageSize {
  if (step.kind === 'crop') return step.box;
  return step.kind === 'resize' ? step : size;
}

function compileOp(op: ImageOp): DrawOp {
  switch (op.op) {
    case 'randomResizedCrop':
      return (image, rng) => [
        { kind: 'crop', box: drawResizedCrop(image, op, rng) },
        { kind: 'resize', width: op.size, height: op.size },
      ];
    case 'randomHorizontalFlip':
      return sometimes(op.p, () => [{ kind: 'flip' }]);
    case 'colorJitter':
      return sometimes(op.p, (_, rng) => drawJitter(op, rng));
    case 'randomGrayscale':
      return sometimes(op.p, () => [{ kind: 'grayscale' }]);
    case 'gaussianBlur':
      return sometimes(op.p, (_, rng) => [
        { kind: 'blur', sigma: op.sigma[0] + (op.sigma[1] - op.sigma[0]) * rng.uniform() },
      ]);
    case 'randomCrop':
      return (image, rng) => [{ kind: 'crop', box: drawPaddedCrop(image, op, rng) }];
    case 'resize':
      return (image) => [{ kind: 'resize', ...sizeByShortSide(image, op.size) }];
    case 'centerCrop':
      return (image) => [{ kind: 'crop', box: locateCenter(image, op.size) }];
  }
}

function sometimes(p: number, draw: DrawOp): DrawOp {
  return (image, rng) => (rng.uniform() < p ? draw(image, rng) : []);
}

/** torchvision's RandomCrop(size, padding): the box may reach out of the image, where it is black. */
function drawPaddedCrop(
  image: ImageSize,
  { size, padding }: { readonly size: number; readonly padding: number },
  rng: Rng,
): Box {
  const top = rng.integer(image.height + 2 * padding - size + 1) - padding;
  const left = rng.integer(image.width + 2 * padding - size + 1) - padding;
  return { top, left, height: size, width: size };
}
