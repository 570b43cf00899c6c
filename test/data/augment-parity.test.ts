// Every image operation against PIL's and torchvision's own pixels (test/fixtures/parity/augment.json), as
// TypeScript and as the addon carry it out. `moco parity` lets a pixel be off by 2 of 255; ours are the same to the bit.

import { describe, expect, test } from 'vitest';
import { isWithin } from '../../src/parity/comparison.ts';
import { readCase } from '../../src/parity/read-case.ts';
import { listRenderers, runAugmentCase } from '../../src/parity/run-augment-case.ts';

const augmentCase = readCase('test/fixtures/parity/augment.json');
if (augmentCase.kind !== 'augment-case') throw new Error('Expected the case of the image operations.');
const comparisons = runAugmentCase(augmentCase.given);
const operations = Object.keys(augmentCase.given.ops);
const installed = listRenderers();

describe.each(['TypeScript', 'addon'])('by %s', (by) => {
  test.skipIf(!(by in installed)).each(operations)('%s is PIL’s to the bit', (name) => {
    const [mean, worst, ...others] = comparisons.filter(({ group }) => group === `${name}, ${by}`);
    expect([mean?.at, worst?.at, others]).toEqual(['mean of 255', 'worst of 255', []]);
    expect([mean?.difference, worst?.difference]).toEqual([0, 0]);
  });
});

test('normalising, and the boxes of RandomResizedCrop on average, are torchvision’s', () => {
  const others = comparisons.filter(({ at }) => !at.endsWith('of 255'));
  expect(new Set(others.map(({ group }) => group))).toEqual(
    new Set([
      ...Object.keys(installed).map((by) => `normalize, ${by}`),
      'random resized crop, mean',
      'random resized crop, standard deviation',
    ]),
  );
  expect(others.filter((each) => !isWithin(each))).toEqual([]);
});
