// Where a number is outside of its tolerance: does a ReLU or a max-pooling turn when weights and images are off
// by one rounding, and how far does that move the numbers? Runs in which nothing turns prove nothing and widen
// nothing; a wrong formula stays outside, because it moves all runs alike.

import { type Comparison, isWithin } from './comparison.ts';
import { pairStep, type StepNumbers } from './pair-steps.ts';
import { allowJumps, type Pair } from './tolerance.ts';
import { countTurned, type WatchedEngine } from './watch-decisions.ts';

/** A turn that half of all runs take is missed by eight once in 256 times. */
const MOST_RUNS = 8;
/** After so many, what is still this many times its tolerance off is not measured further. */
const TELLING_RUNS = 3;
const HOPELESS = 30;

/** The numbers of a step, and the decisions that were taken in it. */
export interface WatchedStep extends StepNumbers {
  readonly decisions: ReturnType<WatchedEngine['take']>;
}

/** How to run a case again. */
export interface Rerun {
  readonly watched: WatchedEngine;
  /** Steps 0 to `last`; a disturbance by its number, or none. */
  readonly run: (
    watched: WatchedEngine,
    last: number,
    disturbance?: number,
  ) => Promise<readonly WatchedStep[]>;
}

/** Judges what is outside again, by the jumps that runs off by one rounding show; tells of them. */
export async function measureJumps(
  pairs: readonly Pair[],
  strict: readonly Comparison[],
  { watched, run }: Rerun,
): Promise<{ readonly comparisons: Comparison[]; readonly notes: readonly string[] }> {
  const last = Math.max(...pairs.filter((_, i) => !isWithin(strict[i]!)).map(({ step }) => step));
  const ours = await run(watched, last);
  const jumps: Pair[] = [];
  const turns: Turns[] = [];
  let comparisons: Comparison[] = [...strict];
  for (let i = 1; i <= MOST_RUNS && mayBeJump(comparisons, i - 1); i++) {
    const again = await run(watched, last, i);
    const turned = countUpToStep(ours, again);
    turns.push(...turned.map((each, step) => ({ step, ...each })));
    jumps.push(
      ...again.flatMap((numbers, step) =>
        turned[step]!.turned > 0 ? pairStep(step, ours[step]!, numbers) : [],
      ),
    );
    comparisons = allowJumps(pairs, strict, jumps);
  }
  return { comparisons, notes: describeTurns(turns, comparisons, pairs) };
}

interface Turns {
  readonly step: number;
  readonly turned: number;
  readonly count: number;
}

/** True where something is outside, and it is not yet plain that a jump can't explain it. */
function mayBeJump(comparisons: readonly Comparison[], runs: number): boolean {
  const outside = comparisons.filter((each) => !isWithin(each));
  if (outside.length === 0) return false;
  return (
    runs < TELLING_RUNS || outside.every(({ difference, tolerance }) => difference <= HOPELESS * tolerance)
  );
}

/** Per step, the decisions up to and with it, and how many of them differ. */
function countUpToStep(ours: readonly WatchedStep[], again: readonly WatchedStep[]): Omit<Turns, 'step'>[] {
  let [turned, count] = [0, 0];
  return again.map(({ decisions }, step) => {
    const found = countTurned(ours[step]!.decisions, decisions);
    turned += found.turned;
    count += found.count;
    return { turned, count };
  });
}

/** Says for each step with a widened tolerance what turned, and once what that means. */
function describeTurns(
  turns: readonly Turns[],
  comparisons: readonly Comparison[],
  pairs: readonly Pair[],
): string[] {
  const widened = pairs.filter((_, i) => comparisons[i]!.withoutJump !== undefined);
  const lines = [...new Set(widened.map(({ step }) => step))].map((step) => {
    const found = turns.filter((each) => each.step === step);
    const [least, most] = [Math.min, Math.max].map((pick) => pick(...found.map(({ turned }) => turned)));
    const range = least === most ? `${most}` : `${least} to ${most}`;
    const total = found[0]!.count.toLocaleString('en');
    return `Up to step ${step}, ${range} of ${total} ReLUs and max-poolings turn where all inputs are off by one rounding (${found.length} runs).`;
  });
  return lines.length === 0 ? [] : [...lines, MEANING];
}

const MEANING =
  'What is marked "jump" is outside of ten times PyTorch’s own float32 distance, which holds no such turn, but within twice the jump.';
