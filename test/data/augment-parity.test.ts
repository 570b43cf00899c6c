// Every image operation against PIL's and torchvision's own pixels (test/fixtures/parity/augment.json), as
// TypeScript and as the addon carry it out.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import type { RgbImage } from '../../src/data/dataset.ts';
import { findImageAddon } from '../../src/data/find-image-addon.ts';
import type { ImageSize, ImageStep } from '../../src/data/image-step.ts';
import { createNativeRenderer } from '../../src/data/native-renderer.ts';
import { locateCenter } from '../../src/data/ops/crop.ts';
import { drawResizedCrop } from '../../src/data/ops/random-resized-crop.ts';
import { sizeByShortSide } from '../../src/data/ops/resize.ts';
import { createTypescriptRenderer, type Renderer } from '../../src/data/renderer.ts';
import { plainTables, renderBytes } from '../helpers/render-bytes.ts';

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

/** The steps of an op by the name that make_augment_golden.py gives it. */
function stepsNamed(image: ImageSize, name: string): ImageStep[] {
  const [op, ...words] = name.split(' ');
  const numbers = Object.fromEntries(words.flatMap((word) => (word.includes('=') ? [word.split('=')] : [])));
  switch (op) {
    case 'brightness':
    case 'contrast':
    case 'saturation':
    case 'hue':
      return [{ kind: op, factor: Number(words[0]) }];
    case 'grayscale':
      return [{ kind: op }];
    case 'gaussian_blur':
      return [{ kind: 'blur', sigma: Number(numbers.sigma) }];
    case 'hflip':
      return [{ kind: 'flip' }];
    case 'resized_crop': {
      const [top, left, height, width, size] = ['top', 'left', 'height', 'width', 'size'].map((key) =>
        Number(numbers[key]),
      ) as [number, number, number, number, number];
      return [
        { kind: 'crop', box: { top, left, height, width } },
        { kind: 'resize', width: size, height: size },
      ];
    }
    case 'resize': {
      // resize short side A then center crop B
      const resized = sizeByShortSide(image, Number(words[2]));
      return [
        { kind: 'resize', ...resized },
        { kind: 'crop', box: locateCenter(resized, Number(words[6])) },
      ];
    }
    case 'jitter':
      return words
        .join(' ')
        .split(' then ')
        .flatMap((each) => stepsNamed(image, each));
    default:
      throw new Error(`The fixture has an operation ${name} that this test does not know.`);
  }
}

/** In a square, black around it: what renderBytes gives. */
function frame({ width, height, pixels }: RgbImage): Uint8Array {
  const size = Math.max(width, height);
  const framed = new Uint8Array(size * size * 3);
  for (let y = 0; y < height; y++)
    framed.set(pixels.subarray(y * width * 3, (y + 1) * width * 3), y * size * 3);
  return framed;
}

function expectGolden(render: Renderer, name: string): void {
  const [image, made] = [unpack(golden.input), unpack(golden.ops[name]!)];
  const { pixels } = renderBytes(render, { image, steps: stepsNamed(image, name), made });
  const expected = frame(made);
  const worst = pixels.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
  expect(worst).toBe(0);
}

const addon = findImageAddon();

describe('pixels by TypeScript', () => {
  const render = createTypescriptRenderer(plainTables);
  test.each(Object.keys(golden.ops))('%s is PIL’s to the bit', (name) => expectGolden(render, name));
});

describe.skipIf(!addon)('pixels by the addon (`moco engine install torch` builds it)', () => {
  const render = addon ? createNativeRenderer(addon, plainTables) : createTypescriptRenderer(plainTables);
  test.each(Object.keys(golden.ops))('%s is PIL’s to the bit', (name) => expectGolden(render, name));
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
