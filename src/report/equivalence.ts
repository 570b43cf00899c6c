// Tests of a mean against a published one, with Student's t. The margin is the difference that would not
// matter. Schuirmann 1987, two one-sided tests; Welch 1947 where the published trials are known.

import jstat from 'jstat';
import { aggregate } from './aggregate.ts';

const { studentt } = jstat.jStat;

/** A difference of two means as the tests need it. */
export interface Comparison {
  readonly test: 'one-sample' | 'welch';
  /** Our mean minus the published one, in points. */
  readonly difference: number;
  /** Standard error of the difference. */
  readonly standardError: number;
  /** Degrees of freedom; Satterthwaite's for Welch's test. */
  readonly df: number;
}

/** Results of both tests at one margin. */
export interface TestResults {
  /** Probability of trials as near as these if the true difference were the margin or more. */
  readonly pEquivalent: number;
  /** Probability of trials as far off as these if the true difference were the margin or less. */
  readonly pDifferent: number;
  /** Interval of confidence 1 - 2 alpha for the difference; inside the margin just if pEquivalent < alpha. */
  readonly interval: readonly [number, number];
}

/** Compares trials with a published mean, taken as exact, or with published trials. Needs two trials of ours. */
export function compareMeans(
  ours: readonly number[],
  published: { readonly mean: number; readonly trials?: readonly number[] },
): Comparison {
  const own = aggregate(ours);
  const ownVariance = own.sampleStd! ** 2 / ours.length;
  const { trials = [] } = published;
  if (trials.length < 2) {
    const difference = own.mean - published.mean;
    return {
      test: 'one-sample',
      difference,
      standardError: Math.sqrt(ownVariance),
      df: ours.length - 1,
    };
  }
  const theirs = aggregate(trials);
  const theirVariance = theirs.sampleStd! ** 2 / trials.length;
  return {
    test: 'welch',
    difference: own.mean - theirs.mean,
    standardError: Math.sqrt(ownVariance + theirVariance),
    df: satterthwaite([ownVariance, ours.length], [theirVariance, trials.length]),
  };
}

/** Degrees of freedom of a sum of two variances of means. */
export function satterthwaite(
  [a, n]: readonly [variance: number, count: number],
  [b, m]: readonly [variance: number, count: number],
): number {
  if (a + b === 0) return n + m - 2;
  return (a + b) ** 2 / (a ** 2 / (n - 1) + b ** 2 / (m - 1));
}

/** Runs both tests. Trials without any spread decide by their difference alone. */
export function testEquivalence(
  { difference, standardError, df }: Comparison,
  { margin, alpha }: { readonly margin: number; readonly alpha: number },
): TestResults {
  const distance = Math.abs(difference);
  if (standardError === 0) {
    const [pEquivalent, pDifferent] = [distance < margin ? 0 : 1, distance > margin ? 0 : 1];
    return { pEquivalent, pDifferent, interval: [difference, difference] };
  }
  // The nearer end of the margin has the larger p of the two one-sided tests.
  const t = (distance - margin) / standardError;
  const reach = studentt.inv(1 - alpha, df) * standardError;
  return {
    pEquivalent: studentt.cdf(t, df),
    pDifferent: 1 - studentt.cdf(t, df),
    interval: [difference - reach, difference + reach],
  };
}
