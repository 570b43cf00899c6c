// How many trials a verdict would take, if the difference and the spread seen so far are the true ones: the
// smallest number at which the test decides with the wanted probability. The power is exact: the normal
// probability of a decision, averaged over what the standard deviation may come out as (chi-square).

import jstat from 'jstat';
import { type Comparison, satterthwaite } from './equivalence.ts';

const { studentt, normal, chisquare } = jstat.jStat;

/** Probability with which the trials are to suffice. */
export const POWER = 0.8;

/** As many as an experiment may have. */
export const MAX_TRIALS = 1000;

/** Points of the average over the standard deviation. */
const QUANTILES = 64;

export interface Assumed {
  /** True difference of the means, in points. */
  readonly difference: number;
  /** Sample standard deviation of our trials. */
  readonly std: number;
  /** Variance of the published mean, and over how many trials; absent: taken as exact. */
  readonly published?: { readonly variance: number; readonly trials: number };
  readonly margin: number;
  readonly alpha: number;
}

/** The smallest number of trials, or null where MAX_TRIALS would not do. */
export function countTrialsNeeded(assumed: Assumed): number | null {
  const suffices = (trials: number) => computePower(assumed, trials) >= POWER;
  if (!suffices(MAX_TRIALS)) return null;
  let [low, high] = [1, MAX_TRIALS];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Probability that so many trials give a verdict: of equivalence within the margin, of a difference beyond it. */
export function computePower(assumed: Assumed, trials: number): number {
  const { difference, margin, alpha } = assumed;
  const { standardError, df } = predictError(assumed, trials);
  const critical = studentt.inv(1 - alpha, df);
  const distance = Math.abs(difference);
  const below = (limit: number) => normal.cdf((limit - distance) / standardError, 0, 1);
  let sum = 0;
  for (let i = 0; i < QUANTILES; i++) {
    const seen = standardError * Math.sqrt(chisquare.inv((i + 0.5) / QUANTILES, df) / df);
    const reach = critical * seen;
    sum +=
      distance < margin
        ? Math.max(0, below(margin - reach) - below(reach - margin))
        : 1 - below(margin + reach);
  }
  return sum / QUANTILES;
}

function predictError({ std, published }: Assumed, trials: number): Pick<Comparison, 'standardError' | 'df'> {
  const own = std ** 2 / trials;
  if (!published) return { standardError: Math.sqrt(own), df: trials - 1 };
  const { variance, trials: theirs } = published;
  return { standardError: Math.sqrt(own + variance), df: satterthwaite([own, trials], [variance, theirs]) };
}
