// Compiles a recipe's list of image operations to one function, in the recipe's order.

import type { ImageOp } from '../config/schema/recipe.generated.ts';
import type { Rng } from '../core/rng.ts';
import type { RgbImage } from './dataset.ts';
import { jitterColors } from './ops/color-jitter.ts';
import { crop, cropCenter } from './ops/crop.ts';
import { flipHorizontally } from './ops/flip.ts';
import { blurGaussian } from './ops/gaussian-blur.ts';
import { convertToGrayscale } from './ops/grayscale.ts';
import { drawResizedCrop } from './ops/random-resized-crop.ts';
import { resizeCrop, resizeShortSide } from './ops/resize.ts';

/** Draws what is random from the stream, so equal streams give equal images. */
export type Transform = (image: RgbImage, rng: Rng) => RgbImage;

/** Chains operations. */
export function compileTransform(ops: readonly ImageOp[]): Transform {
  const steps = ops.map(compileOp);
  return (image, rng) => steps.reduce((current, step) => step(current, rng), image);
}

function compileOp(op: ImageOp): Transform {
  switch (op.op) {
    case 'randomResizedCrop':
      return (image, rng) => resizeCrop(image, drawResizedCrop(image, op, rng), op.size);
    case 'randomHorizontalFlip':
      return sometimes(op.p, flipHorizontally);
    case 'colorJitter':
      return sometimes(op.p, (image, rng) => jitterColors(image, op, rng));
    case 'randomGrayscale':
      return sometimes(op.p, convertToGrayscale);
    case 'gaussianBlur':
      return sometimes(op.p, (image, rng) =>
        blurGaussian(image, op.sigma[0] + (op.sigma[1] - op.sigma[0]) * rng.uniform()),
      );
    case 'randomCrop':
      return (image, rng) => cropPadded(image, op, rng);
    case 'resize':
      return (image) => resizeShortSide(image, op.size);
    case 'centerCrop':
      return (image) => cropCenter(image, op.size);
  }
}

function sometimes(p: number, apply: Transform): Transform {
  return (image, rng) => (rng.uniform() < p ? apply(image, rng) : image);
}

/** torchvision's RandomCrop(size, padding): black around. */
function cropPadded(
  image: RgbImage,
  { size, padding }: { size: number; padding: number },
  rng: Rng,
): RgbImage {
  const top = rng.integer(image.height + 2 * padding - size + 1) - padding;
  const left = rng.integer(image.width + 2 * padding - size + 1) - padding;
  return crop(image, { top, left, height: size, width: size });
}
