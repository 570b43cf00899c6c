// Proves that pixels and labels are those of CIFAR-10: counts, classes and channel means.

import { ProblemError } from '../core/problem.ts';
import { CIFAR10_IMAGE_BYTES, CIFAR10_SIZES, type Cifar10Data } from './cifar10.ts';
import type { Split } from './dataset.ts';

/** Means of the 50,000 training images, of 1. */
const CHANNEL_MEANS = [0.4914, 0.48216, 0.44653] as const;

/** Throws DATA_NOT_CIFAR10 with the first thing that is not as it must be. */
export function proveCifar10(sets: { readonly [Name in Split]: Cifar10Data }): void {
  for (const split of ['train', 'val'] as const) {
    const { labels, pixels } = sets[split];
    const count = CIFAR10_SIZES[split];
    if (labels.length !== count) throw fail(`${count} labels in ${split}`, String(labels.length));
    if (pixels.length !== count * CIFAR10_IMAGE_BYTES) {
      throw fail(`${count} images in ${split}`, `${pixels.length / CIFAR10_IMAGE_BYTES}`);
    }
    proveClasses(split, labels);
  }
  proveMeans(sets.train.pixels);
}

function proveClasses(split: Split, labels: Uint8Array): void {
  const expected = CIFAR10_SIZES[split] / 10;
  for (let label = 0; label < 10; label++) {
    const found = labels.filter((other) => other === label).length;
    if (found !== expected) throw fail(`${expected} images of class ${label} in ${split}`, String(found));
  }
}

function proveMeans(pixels: Uint8Array): void {
  const sums = [0, 0, 0];
  for (let i = 0; i < pixels.length; i += 3) for (let c = 0; c < 3; c++) sums[c] = sums[c]! + pixels[i + c]!;
  const means = sums.map((sum) => sum / (pixels.length / 3) / 255);
  if (means.every((mean, c) => Math.abs(mean - CHANNEL_MEANS[c]!) < 1e-5)) return;
  throw fail(`channel means ${CHANNEL_MEANS.join(' ')}`, means.map((mean) => mean.toFixed(5)).join(' '));
}

function fail(expected: string, found: string): ProblemError {
  return new ProblemError({
    code: 'DATA_NOT_CIFAR10',
    message: `Expected ${expected} but found ${found}.`,
    hint: 'The source is not CIFAR-10 or is damaged. Nothing was kept.',
  });
}
