import { expect, test } from 'vitest';
import type { HostTensor } from '../../src/core/host-tensor.ts';
import { compareTensors, findNonFinite, isSame } from '../../src/stages/compare-tensors.ts';

const tensor = (...values: number[]): HostTensor => ({
  dtype: 'float32',
  shape: [values.length],
  values: Float32Array.from(values),
});

test('equal bits are the same, NaN included', () => {
  const difference = compareTensors(
    new Map([['a', tensor(1, Number.NaN)]]),
    new Map([['a', tensor(1, Number.NaN)]]),
  );
  expect(isSame(difference)).toBe(true);
});

test('one flipped sign of zero counts as a change', () => {
  const difference = compareTensors(new Map([['a', tensor(0)]]), new Map([['a', tensor(-0)]]));
  expect(difference).toEqual({ missing: [], unexpected: [], changed: ['a'] });
});

test('missing and unexpected names are told apart', () => {
  const difference = compareTensors(new Map([['a', tensor(1)]]), new Map([['b', tensor(1)]]));
  expect(difference).toEqual({ missing: ['a'], unexpected: ['b'], changed: [] });
  expect(isSame(difference)).toBe(false);
});

test('another shape of the same values is a change', () => {
  const flat = tensor(1, 2);
  const column: HostTensor = { dtype: 'float32', shape: [2, 1], values: Float32Array.from([1, 2]) };
  expect(compareTensors(new Map([['a', flat]]), new Map([['a', column]])).changed).toEqual(['a']);
});

test('tensors with a NaN or an infinity are named', () => {
  const tensors = new Map([
    ['fine', tensor(1)],
    ['nan', tensor(1, Number.NaN)],
    ['infinite', tensor(Number.POSITIVE_INFINITY)],
  ]);
  expect(findNonFinite(tensors)).toEqual(['nan', 'infinite']);
});
