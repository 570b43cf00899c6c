// How far float32 may be from PyTorch's float64: ten times the distance that a float32 run itself shows,
// plus 1e-5, all relative.
//
// The file has that distance for the loss and for the gradient's norm, from one run of PyTorch's. One run
// can be lucky: whether a pre-activation within rounding of 0 passes a ReLU decides a whole gradient, and
// PyTorch itself, on another machine or thread count, is then outside. Where the file's distance is not
// enough, it is measured here: our run again, from weights and images that are off by one rounding, some
// times until the distance is explained. A wrong formula never is: it moves all runs alike.

import type { TrainingCaseStep } from '../config/schema/parity.generated.ts';
import type { Comparison } from './comparison.ts';

/** Relative; for where two roundings happen to cancel. */
export const FLOOR = 1e-5;
const TIMES = 10;

/** Two values of one quantity at a step, and what their distance is a share of. */
export interface Pair extends Pick<Comparison, 'group' | 'at' | 'ours' | 'theirs'> {
  readonly step: number;
  readonly scale: number;
  /** Set where rounding does not explain a distance: the tolerance, absolute. */
  readonly exact?: number;
}

/** The largest relative distance of two float32 runs up to a step, by group. */
export type Noise = (group: string, step: number) => number;

/** The distance that the file shows. Rounding adds up from step to step: what counts is the largest so far. */
export function readNoise(steps: readonly TrainingCaseStep[]): Noise {
  const loss = runningMaximum(steps.map((step) => distance(step.loss, step.float32_loss)));
  const gradient = runningMaximum(steps.map((step) => distance(step.grad_norm, step.float32_grad_norm)));
  return (group, step) => {
    if (group === 'loss') return loss[step]!;
    if (group === 'gradient norm') return gradient[step]!;
    return Math.max(loss[step]!, gradient[step]!); // weights and statistics follow from both
  };
}

/** The distance between pairs of our own runs. */
export function measureNoise(pairs: readonly Pair[]): Noise {
  return (group, step) =>
    pairs
      .filter((pair) => pair.group === group && pair.step <= step)
      .reduce((most, { ours, theirs, scale }) => Math.max(most, Math.abs(ours - theirs) / scale), 0);
}

/** Judges pairs by the larger of some noises. */
export function judge(pairs: readonly Pair[], noises: readonly Noise[]): Comparison[] {
  const shares = new Map<string, number>();
  const shareOf = (group: string, step: number) => {
    const key = `${group} ${step}`;
    const share = shares.get(key) ?? TIMES * Math.max(...noises.map((noise) => noise(group, step))) + FLOOR;
    shares.set(key, share);
    return share;
  };
  return pairs.map(({ group, at, step, ours, theirs, scale, exact }) => ({
    group,
    at,
    ours,
    theirs,
    difference: Math.abs(ours - theirs),
    tolerance: exact ?? shareOf(group, step) * scale,
  }));
}

function runningMaximum(values: readonly number[]): number[] {
  let most = 0;
  return values.map((value) => {
    most = Math.max(most, value);
    return most;
  });
}

/** Relative distance of two runs. */
function distance(exact: number, rounded: number): number {
  return exact === rounded ? 0 : Math.abs(exact - rounded) / Math.abs(exact);
}
