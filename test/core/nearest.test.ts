import { expect, test } from 'vitest';
import { findNearest } from '../../src/core/nearest.ts';

const ENGINES = ['torch', 'tensorflow', 'wasm'];

test.each([
  ['torhc', 'torch'],
  ['Tensorflow', 'tensorflow'],
  ['tensorflow-gpu', 'tensorflow'],
  ['tensorflow-gpu-2', undefined],
  ['x'.repeat(1_000_000), undefined],
])('nearest to %.20s is %s', (word, nearest) => {
  expect(findNearest(word, ENGINES)).toBe(nearest);
});

test('among no words none is near', () => {
  expect(findNearest('torch', [])).toBeUndefined();
});
