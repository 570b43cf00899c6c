// The paper's table as data: rows are methods, columns are metrics of evaluations, cells are
// trials with their statistics beside the published value. Renderers turn it into text.

import type { PublishedValue } from '../config/schema/experiment.generated.ts';
import type { Aggregate } from './aggregate.ts';

export interface Report {
  readonly experiment: string;
  readonly claim?: string;
  readonly source?: string;
  /** Trials that each cell is meant to have. */
  readonly trials: number;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly ReportRow[];
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
}

/** One trial's number. Only `done` has a value. */
export interface TrialValue {
  readonly trial: number;
  readonly seed: number;
  /** `stale`: there is a result, but of other settings. */
  readonly state: 'done' | 'pending' | 'running' | 'failed' | 'stale';
  readonly value: number | null;
  /** The stage that measured it, which is also its folder below the experiment's. */
  readonly stage: string;
}
