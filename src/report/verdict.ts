// What the trials of a cell say about the published value, and why: reproduced, not reproduced, or
// inconclusive with the number of trials that would decide.

import type { PublishedValue } from '../config/schema/experiment.generated.ts';
import { aggregate, formatTenths } from './aggregate.ts';
import { type Comparison, compareMeans, type TestResults, testEquivalence } from './equivalence.ts';
import { countTrialsNeeded, MAX_TRIALS, POWER } from './trials-needed.ts';

export interface Verdict {
  readonly verdict: 'reproduced' | 'not reproduced' | 'inconclusive';
  /** A sentence with the numbers that it rests on. */
  readonly reason: string;
  /** True while trials of the cell are still to come. */
  readonly interim: boolean;
  /** Points. */
  readonly margin: number;
  readonly alpha: number;
  /** Absent for fewer than two trials, which have no spread. */
  readonly test?: Comparison & TestResults;
  /** For an inconclusive cell: trials that would decide with probability 0.8; null where MAX_TRIALS would not do. */
  readonly trialsNeeded?: number | null;
}

/** How the report judges. */
export interface Judging {
  readonly margin: number;
  readonly alpha: number;
}

/** Judges at least one value against what was published. */
export function judge(
  values: readonly number[],
  published: PublishedValue,
  { margin, alpha, interim }: Judging & { readonly interim: boolean },
): Verdict {
  const given = { interim, margin, alpha };
  if (values.length < 2) return judgeOne(values[0]!, published, given);
  const comparison = compareMeans(values, published);
  const results = testEquivalence(comparison, given);
  const test = { ...comparison, ...results };
  const against = describeTest(comparison, published);
  const where = `the difference is ${formatInterval(results.interval)} points with ${formatPercent(1 - 2 * alpha)} % confidence`;
  if (results.pEquivalent < alpha) {
    const reason = `${where}, within ±${margin} (TOST ${against}, ${formatP(results.pEquivalent)}).`;
    return { verdict: 'reproduced', reason, ...given, test };
  }
  if (results.pDifferent < alpha) {
    const side = comparison.difference > 0 ? 'above' : 'below';
    const reason = `${where}, more than ${margin} ${side} (one-sided t-test ${against}, ${formatP(results.pDifferent)}).`;
    return { verdict: 'not reproduced', reason, ...given, test };
  }
  const std = aggregate(values).sampleStd!;
  const needed = countNeeded({ difference: comparison.difference, std, published, ...given });
  const reason = `${where}, which neither lies within ±${margin} nor beyond (${against}: ${formatP(results.pEquivalent)} and ${formatP(results.pDifferent)}); ${reasonOfNeeded(needed, 'difference and spread stay as they are')}.`;
  return { verdict: 'inconclusive', reason, ...given, test, trialsNeeded: needed };
}

/** One trial has no spread of its own; the published one, where there is any, tells how many to expect. */
function judgeOne(
  value: number,
  published: PublishedValue,
  given: Judging & { readonly interim: boolean },
): Verdict {
  const difference = value - published.mean;
  const { trials = [] } = published;
  const std = trials.length > 1 ? aggregate(trials).sampleStd! : published.std;
  const fact = `one trial, ${formatTenths(Math.abs(difference))} points off, has no spread to judge by`;
  if (!std) return { verdict: 'inconclusive', reason: `${fact}; two are the least.`, ...given };
  const trialsNeeded = countNeeded({ difference, std, published, ...given });
  const reason = `${fact}; ${reasonOfNeeded(trialsNeeded, 'the difference stays and the spread is as published')}.`;
  return { verdict: 'inconclusive', reason, ...given, trialsNeeded };
}

interface Needing extends Judging {
  readonly difference: number;
  readonly std: number;
  readonly published: PublishedValue;
}

function countNeeded({ published: { trials = [] }, ...assumed }: Needing): number | null {
  if (trials.length < 2) return countTrialsNeeded(assumed);
  const variance = aggregate(trials).sampleStd! ** 2 / trials.length;
  return countTrialsNeeded({ ...assumed, published: { variance, trials: trials.length } });
}

function reasonOfNeeded(needed: number | null, assumption: string): string {
  return needed === null
    ? `if ${assumption}, ${MAX_TRIALS} trials would not decide`
    : `if ${assumption}, ${needed} trials would decide with probability ${POWER}`;
}

function describeTest({ test, df }: Comparison, { trials = [] }: PublishedValue): string {
  const degrees = `df ${Number(df.toFixed(1))}`;
  return test === 'welch'
    ? `by Welch against ${trials.length} published trials, ${degrees}`
    : `against the published mean, ${degrees}`;
}

function formatInterval([low, high]: readonly [number, number]): string {
  const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`;
  return `${signed(low)} to ${signed(high)}`;
}

function formatPercent(share: number): string {
  return String(Number((100 * share).toFixed(1)));
}

/** Three digits; what is smaller than a thousandth says so. */
function formatP(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}
