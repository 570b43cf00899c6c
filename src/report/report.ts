// The paper's table as data: rows are methods, columns are metrics of evaluations, cells are
// trials with their statistics beside the published value. Renderers turn it into text.

import type { PublishedValue } from '../config/schema/experiment.generated.ts';
import type { Aggregate } from './aggregate.ts';
import type { DepartureNote } from './departure-notes.ts';
import type { Judging, Verdict } from './verdict.ts';

export interface Report {
  readonly experiment: string;
  readonly claim?: string;
  readonly source?: string;
  /** Trials that each cell is meant to have. */
  readonly trials: number;
  /** Margin and alpha of the verdicts. */
  readonly judging: Judging;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly ReportRow[];
  /** How methods and evaluations depart from the published recipes; a number is never shown without them. */
  readonly departures: readonly DepartureNote[];
}

export interface ReportColumn {
  /** `lincls.top1`. */
  readonly key: string;
  readonly evaluation: string;
  readonly metric: string;
  readonly label: string;
}

export interface ReportRow {
  readonly method: string;
  readonly label: string;
  /** One a column, in their order. */
  readonly cells: readonly ReportCell[];
}

export interface ReportCell {
  readonly column: string;
  readonly trials: readonly TrialValue[];
  /** Over the trials that are done; null where none is. */
  readonly aggregate: Aggregate | null;
  readonly published: PublishedValue | null;
  /** Our mean minus the published one, in points; null where either is missing. */
  readonly difference: number | null;
  /** What the trials say about the published value; null where either is missing. */
  readonly verdict: Verdict | null;
}

/** One trial's number. Only `done` has a value. */
export interface TrialValue {
  readonly trial: number;
  readonly seed: number;
  /** `failed`: it or a stage that it needs. `stale`: there is a result, but of other settings. */
  readonly state: 'done' | 'pending' | 'running' | 'failed' | 'stale';
  readonly value: number | null;
  /** The stage that measured it, which is also its folder below the experiment's. */
  readonly stage: string;
}
