// How far float32 may be from PyTorch's float64: ten times the distance that PyTorch's own float32 run shows in
// the file, plus 1e-5, all relative. That is the tolerance of every number.
//
// One thing it cannot foresee: a value within rounding of a ReLU's or a max-pooling's turning point goes one way
// in one correct run and the other way in the next, and with it a part of the gradient. PyTorch itself, on another
// machine or thread count, then leaves its own tolerance. Only where our runs show such a turn (measure-jumps.ts)
// is a number that is outside judged by the size of that jump, and the table says so.

import type { TrainingCaseStep } from '../config/schema/parity.generated.ts';
import { type Comparison, isWithin } from './comparison.ts';

/** Relative; for where two roundings happen to cancel. */
export const FLOOR = 1e-5;
/** Times the distance of two float32 runs. */
export const TIMES = 10;
/** Times the largest jump that was seen: PyTorch's run and ours may lie on two sides of several. */
const JUMP_TIMES = 2;

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
    if (group.startsWith('loss')) return loss[step]!;
    if (group === 'gradient norm') return gradient[step]!;
    return Math.max(loss[step]!, gradient[step]!); // weights and statistics follow from both
  };
}

/** Judges pairs by what the file shows. */
export function judge(pairs: readonly Pair[], noise: Noise): Comparison[] {
  return pairs.map(({ group, at, step, ours, theirs, scale, exact }) => ({
    group,
    at,
    ours,
    theirs,
    difference: Math.abs(ours - theirs),
    tolerance: exact ?? (TIMES * noise(group, step) + FLOOR) * scale,
  }));
}

/**
 * Judges what is outside of its tolerance by jumps.
 *
 * @param jumps pairs of our own runs between which a decision turned
 */
export function allowJumps(
  pairs: readonly Pair[],
  judged: readonly Comparison[],
  jumps: readonly Pair[],
): Comparison[] {
  return judged.map((comparison, i) => {
    const { group, step, scale, exact } = pairs[i]!;
    if (isWithin(comparison) || exact !== undefined) return comparison;
    const jump = jumps
      .filter((pair) => pair.group === group && pair.step <= step)
      .reduce((most, { ours, theirs, scale }) => Math.max(most, Math.abs(ours - theirs) / scale), 0);
    const widened = (JUMP_TIMES * jump + FLOOR) * scale;
    if (!(comparison.difference <= widened)) return comparison;
    return { ...comparison, tolerance: widened, withoutJump: comparison.tolerance };
  });
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
