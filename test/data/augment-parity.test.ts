// Every image operation against PIL's and torchvision's own pixels (test/fixtures/parity/augment.json).

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import type { RgbImage } from '../../src/data/dataset.ts';
import { adjustBrightness } from '../../src/data/ops/adjust-brightness.ts';
import { adjustContrast } from '../../src/data/ops/adjust-contrast.ts';
import { adjustHue } from '../../src/data/ops/adjust-hue.ts';
import { adjustSaturation } from '../../src/data/ops/adjust-saturation.ts';
import { cropCenter } from '../../src/data/ops/crop.ts';
import { flipHorizontally } from '../../src/data/ops/flip.ts';
import { blurGaussian } from '../../src/data/ops/gaussian-blur.ts';
import { convertToGrayscale } from '../../src/data/ops/grayscale.ts';
import { drawResizedCrop } from '../../src/data/ops/random-resized-crop.ts';
import { resizeCrop, resizeShortSide } from '../../src/data/ops/resize.ts';

interface PackedImage {
  readonly height: number;
  readonly width: number;
  readonly rgb_base64: string;
}

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/parity/augment.json', import.meta.url), 'utf8'),
) as {
  readonly input: PackedImage;
  readonly ops: { readonly [name: string]: PackedImage };
  readonly random_resized_crop: { readonly mean: number[]; readonly mean_area_fraction: number };
};

function unpack({ height, width, rgb_base64 }: PackedImage): RgbImage {
  return { height, width, pixels: new Uint8Array(Buffer.from(rgb_base64, 'base64')) };
}

/** Applies an op by the name that make_augment_golden.py gives it. */
function applyNamed(image: RgbImage, name: string): RgbImage {
  const [op, ...words] = name.split(' ');
  const numbers = Object.fromEntries(words.flatMap((word) => (word.includes('=') ? [word.split('=')] : [])));
  switch (op) {
    case 'brightness':
      return adjustBrightness(image, Number(words[0]));
    case 'contrast':
      return adjustContrast(image, Number(words[0]));
    case 'saturation':
      return adjustSaturation(image, Number(words[0]));
    case 'hue':
      return adjustHue(image, Number(words[0]));
    case 'grayscale':
      return convertToGrayscale(image);
    case 'gaussian_blur':
      return blurGaussian(image, Number(numbers.sigma));
    case 'hflip':
      return flipHorizontally(image);
    case 'resized_crop': {
      const [top, left, height, width, size] = ['top', 'left', 'height', 'width', 'size'].map((key) =>
        Number(numbers[key]),
      );
      return resizeCrop(image, { top: top!, left: left!, height: height!, width: width! }, size!);
    }
    case 'resize': // resize short side A then center crop B
      return cropCenter(resizeShortSide(image, Number(words[2])), Number(words[6]));
    case 'jitter':
      return words.join(' ').split(' then ').reduce(applyNamed, image);
    default:
      throw new Error(`The fixture has an operation ${name} that this test does not know.`);
  }
}

describe('pixels', () => {
  test.each(Object.keys(golden.ops))('%s is PIL’s to the bit', (name) => {
    const expected = unpack(golden.ops[name]!);
    const actual = applyNamed(unpack(golden.input), name);
    expect([actual.height, actual.width]).toEqual([expected.height, expected.width]);
    const worst = actual.pixels.reduce(
      (max, value, i) => Math.max(max, Math.abs(value - expected.pixels[i]!)),
      0,
    );
    expect(worst).toBe(0);
  });
});

test('RandomResizedCrop draws boxes as torchvision does, on average', () => {
  const rng = stream(0, 'boxes');
  const image = { width: 500, height: 375 };
  const draws = Array.from({ length: 40_000 }, () =>
    drawResizedCrop(image, { scale: [0.2, 1], ratio: [3 / 4, 4 / 3] }, rng),
  );
  const mean = (of: (box: (typeof draws)[number]) => number) =>
    draws.reduce((sum, box) => sum + of(box), 0) / draws.length;
  const { mean: theirs, mean_area_fraction: area } = golden.random_resized_crop;
  const ours = [
    mean((box) => box.top),
    mean((box) => box.left),
    mean((box) => box.height),
    mean((box) => box.width),
  ];
  for (const [i, size] of [375, 500, 375, 500].entries())
    expect(Math.abs(ours[i]! - theirs[i]!) / size).toBeLessThan(0.01);
  expect(Math.abs(mean((box) => (box.height * box.width) / (500 * 375)) - area)).toBeLessThan(0.01);
});
