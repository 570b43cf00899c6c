import { expect, test } from 'vitest';
import { aggregate, formatDifference, formatTenths } from '../../src/report/aggregate.ts';

test.each([
  ['MoCo v1', [60.6, 60.6, 60.7, 60.9, 61.1], '60.8±0.2'],
  ['MoCo v2', [67.7, 67.6, 67.4, 67.6, 67.3], '67.5±0.1'],
])('the published trials of %s give the published row', (_, values, row) => {
  const { mean, populationStd } = aggregate(values);
  expect(`${formatTenths(mean)}±${formatTenths(populationStd)}`).toBe(row);
});

test('population and sample deviation are told apart', () => {
  const { populationStd, sampleStd } = aggregate([67.7, 67.6, 67.4, 67.6, 67.3]);
  expect(populationStd).toBeCloseTo(0.14697, 5);
  expect(sampleStd).toBeCloseTo(0.16432, 5);
});

test('one trial deviates by nothing, and a sample of one has no deviation', () => {
  expect(aggregate([42])).toEqual({ mean: 42, populationStd: 0, sampleStd: null });
});

test('halves are rounded away from zero, as on paper', () => {
  const halves = [0.05, 0.15, 0.25, 1.15, 8.05, 64.15, 67.25, 67.35, -0.05, -1.15];
  expect(halves.map(formatTenths)).toEqual([
    '0.1',
    '0.2',
    '0.3',
    '1.2',
    '8.1',
    '64.2',
    '67.3',
    '67.4',
    '-0.1',
    '-1.2',
  ]);
});

test('every half of a tenth in 0 to 100 is rounded up, also as a mean of binary fractions', () => {
  for (let tenths = 0; tenths < 1000; tenths++) {
    const rounded = ((tenths + 1) / 10).toFixed(1);
    expect(formatTenths(Number(`${Math.floor(tenths / 10)}.${tenths % 10}5`))).toBe(rounded);
    expect(formatTenths(aggregate([tenths / 10, (tenths + 1) / 10]).mean)).toBe(rounded);
  }
});

test('what is below a half is not rounded up', () => {
  expect([0.0499, 0.147, 67.2499999, 99.949].map(formatTenths)).toEqual(['0.0', '0.1', '67.2', '99.9']);
});

test('differences have a sign unless they round to nothing', () => {
  expect([0.3, -0.3, 0.04, -0.04, 0].map(formatDifference)).toEqual(['+0.3', '-0.3', '0.0', '0.0', '0.0']);
});
