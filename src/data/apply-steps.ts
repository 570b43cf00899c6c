// Carries out a view's steps in TypeScript: the reference that the addon must equal, and what runs where
// there is no addon.

import type { RgbImage } from './dataset.ts';
import type { ImageStep } from './image-step.ts';
import { adjustBrightness } from './ops/adjust-brightness.ts';
import { adjustContrast } from './ops/adjust-contrast.ts';
import { adjustHue } from './ops/adjust-hue.ts';
import { adjustSaturation } from './ops/adjust-saturation.ts';
import { crop } from './ops/crop.ts';
import { flipHorizontally } from './ops/flip.ts';
import { blurGaussian } from './ops/gaussian-blur.ts';
import { convertToGrayscale } from './ops/grayscale.ts';
import { resize } from './ops/resize.ts';

/** The image after all steps; the given one is not changed. */
export function applySteps(image: RgbImage, steps: readonly ImageStep[]): RgbImage {
  return steps.reduce(applyStep, image);
}

function applyStep(image: RgbImage, step: ImageStep): RgbImage {
  switch (step.kind) {
    case 'crop':
      return crop(image, step.box);
    case 'resize':
      return resize(image, step.width, step.height);
    case 'flip':
      return flipHorizontally(image);
    case 'brightness':
      return adjustBrightness(image, step.factor);
    case 'contrast':
      return adjustContrast(image, step.factor);
    case 'saturation':
      return adjustSaturation(image, step.factor);
    case 'hue':
      return adjustHue(image, step.factor);
    case 'grayscale':
      return convertToGrayscale(image);
    case 'blur':
      return blurGaussian(image, step.sigma);
  }
}
