import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compareMeans, testEquivalence } from '../../src/report/equivalence.ts';
import { type Assumed, computePower, countTrialsNeeded, POWER } from '../../src/report/trials-needed.ts';

/** What scipy computed: see make_statistics.py beside it. */
const { tests, powers } = JSON.parse(readFileSync('test/fixtures/statistics/statistics.json', 'utf8')) as {
  tests: {
    name: string;
    ours: number[];
    published: { mean: number; trials?: number[] };
    margin: number;
    alpha: number;
    pEquivalent: number;
    pDifferent: number;
    interval: [number, number];
  }[];
  powers: (Assumed & { trials: number; power: number })[];
};

test.each(tests)('$name, margin $margin: p and interval are those of scipy', (expected) => {
  const { pEquivalent, pDifferent, interval } = testEquivalence(
    compareMeans(expected.ours, expected.published),
    expected,
  );
  expect(pEquivalent).toBeCloseTo(expected.pEquivalent, 6);
  expect(pDifferent).toBeCloseTo(expected.pDifferent, 6);
  expect(interval[0]).toBeCloseTo(expected.interval[0], 6);
  expect(interval[1]).toBeCloseTo(expected.interval[1], 6);
});

test.each(powers)(
  'difference $difference, std $std, $trials trials: the power is that of integration by scipy',
  (expected) => {
    expect(Math.abs(computePower(expected, expected.trials) - expected.power)).toBeLessThan(0.004);
  },
);

describe('the number of trials that are needed', () => {
  const assumed: Assumed = { difference: 0.2, std: 0.4, margin: 0.5, alpha: 0.05 };

  test('is the smallest with the wanted power', () => {
    const needed = countTrialsNeeded(assumed)!;
    expect(needed).toBeGreaterThan(2);
    expect(computePower(assumed, needed)).toBeGreaterThanOrEqual(POWER);
    expect(computePower(assumed, needed - 1)).toBeLessThan(POWER);
  });

  test('grows with the spread and towards the margin', () => {
    const counts = [
      countTrialsNeeded(assumed)!,
      countTrialsNeeded({ ...assumed, std: 0.8 })!,
      countTrialsNeeded({ ...assumed, std: 0.8, difference: 0.4 })!,
    ];
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(new Set(counts).size).toBe(3);
  });

  test('is none where the difference is the margin itself, or the published trials say too little', () => {
    expect(countTrialsNeeded({ ...assumed, difference: 0.5 })).toBeNull();
    expect(countTrialsNeeded({ ...assumed, published: { variance: 0.2, trials: 3 } })).toBeNull();
  });
});

test('trials without any spread decide by their difference alone', () => {
  const given = { margin: 0.5, alpha: 0.05 };
  const judge = (value: number) => testEquivalence(compareMeans([value, value], { mean: 60 }), given);
  expect(judge(60.4)).toEqual({ pEquivalent: 0, pDifferent: 1, interval: [60.4 - 60, 60.4 - 60] });
  expect(judge(60.5)).toEqual({ pEquivalent: 1, pDifferent: 1, interval: [0.5, 0.5] });
  expect(judge(61)).toEqual({ pEquivalent: 1, pDifferent: 0, interval: [1, 1] });
});
