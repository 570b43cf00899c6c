import { describe, expect, test } from 'vitest';
import { deriveSeed, permutation, stream } from '../../src/core/rng.ts';

describe('random streams', () => {
  test('a stream depends on its seed and its names alone', () => {
    const first = stream(7, 'augment', 3, 12);
    stream(7, 'augment', 3, 11).uniform();
    const again = stream(7, 'augment', 3, 12);
    expect([first.uniform(), first.uniform()]).toEqual([again.uniform(), again.uniform()]);
  });

  test('the numbers never change between versions, or old runs could not be repeated', () => {
    const rng = stream(0, 'pinned');
    expect([rng.uniform(), rng.integer(1000), rng.normal()]).toMatchInlineSnapshot(`
      [
        0.9059827355667949,
        846,
        -0.13731301220979442,
      ]
    `);
    expect(deriveSeed(0, 'trial', 1)).toMatchInlineSnapshot(`552533382`);
  });

  test('neighbouring names give unrelated streams', () => {
    const draws = Array.from({ length: 2000 }, (_, i) => stream(1, 'image', i).uniform());
    expect(mean(draws)).toBeCloseTo(0.5, 1);
    expect(Math.abs(correlation(draws.slice(0, -1), draws.slice(1)))).toBeLessThan(0.06);
  });

  test('uniform draws have mean 1/2 and variance 1/12', () => {
    const rng = stream(2, 'uniform');
    const draws = Array.from({ length: 100_000 }, () => rng.uniform());
    expect(mean(draws)).toBeCloseTo(0.5, 2);
    expect(variance(draws)).toBeCloseTo(1 / 12, 2);
    expect(Math.min(...draws.slice(0, 1000))).toBeGreaterThanOrEqual(0);
  });

  test('normal draws have mean 0 and variance 1 and are always finite', () => {
    const rng = stream(3, 'normal');
    const draws = Array.from({ length: 100_000 }, () => rng.normal());
    expect(mean(draws)).toBeCloseTo(0, 1);
    expect(variance(draws)).toBeCloseTo(1, 1);
    expect(draws.every(Number.isFinite)).toBe(true);
  });

  test('a permutation holds every index once', () => {
    const order = permutation(stream(4, 'order'), 1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const products = a.map((value, i) => (value - mean(a)) * (b[i]! - mean(b)));
  return mean(products) / Math.sqrt(variance(a) * variance(b));
}
