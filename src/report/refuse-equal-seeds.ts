// Trials that share a seed are one trial counted twice: their spread would be a lie.

import { ProblemError } from '../core/problem.ts';
import type { Stage } from '../plan/stage-graph.ts';
import type { RunRecord } from '../runs/run-record.ts';

/** A trial's stage and what was recorded of it. */
export interface TrialRecord {
  readonly stage: Stage;
  readonly record: RunRecord | undefined;
}

/** Throws REPORT_SEEDS_EQUAL where two trials of a cell have, or were run with, the same seed. */
export function refuseEqualSeeds(trials: readonly TrialRecord[]): void {
  const seen = new Map<number, string>();
  for (const { stage, record } of trials) {
    const seed = record?.state === 'done' ? record.seed : stage.seed;
    const other = seen.get(seed);
    if (other !== undefined) throw new ProblemError(reportEqual([other, stage.id], seed));
    seen.set(seed, stage.id);
  }
}

function reportEqual([first, second]: readonly [string, string], seed: number) {
  return {
    code: 'REPORT_SEEDS_EQUAL',
    message: `Expected trials with seeds of their own but ${first} and ${second} both have seed ${seed}.`,
    hint: 'One is a copy of the other, or the experiment has an unlucky seed. Delete the copy, or change seed.',
  };
}
