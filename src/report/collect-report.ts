// Collects a report from the records on disk. Only results of the very settings that the graph
// asks for count: a record that is unfinished, damaged or of another fingerprint leaves its trial open.

import type { ResolvedEvaluation, ResolvedExperiment, ResolvedMethod } from '../config/resolved.ts';
import { ProblemError } from '../core/problem.ts';
import type { Stage, StageGraph } from '../plan/stage-graph.ts';
import { findCurrent } from '../runs/find-current.ts';
import type { RunStore } from '../runs/run-store.ts';
import { aggregate } from './aggregate.ts';
import { noteDepartures } from './departure-notes.ts';
import { refuseEqualSeeds, type TrialRecord } from './refuse-equal-seeds.ts';
import type { Report, ReportCell, ReportColumn, ReportRow, TrialValue } from './report.ts';
import { type Judging, judge } from './verdict.ts';

/** Collects what is there at this moment; cells that are still to be run are part of the report. */
export function collectReport({ experiment, stages }: StageGraph, store: RunStore): Report {
  const { name, claim, source, trials, methods } = experiment;
  const judging = { margin: experiment.report.margin, alpha: experiment.report.alpha };
  const columns = listColumns(experiment);
  const judged = groupByCell(stages);
  const failed = findFailed(stages, store);
  const collectRow = (method: ResolvedMethod): ReportRow => ({
    method: method.name,
    label: method.label,
    cells: columns.map((column) => {
      const cellStages = judged.get(`${method.name}/${column.evaluation}`) ?? [];
      return collectCell(method, column, { stages: cellStages, store, judging, failed });
    }),
  });
  return {
    experiment: name,
    ...(claim === undefined ? {} : { claim }),
    ...(source === undefined ? {} : { source }),
    trials,
    judging,
    columns,
    rows: methods.map(collectRow),
    departures: noteDepartures(experiment.fidelity ?? []),
  };
}

/** The columns that the experiment names, or every evaluation's top-1. */
function listColumns({ report, evaluations }: ResolvedExperiment): ReportColumn[] {
  const keys =
    report.columns.length > 0
      ? report.columns
      : evaluations.map(({ name, recipe }) => `${name}.${recipe.kind === 'detection' ? 'AP' : 'top1'}`);
  return keys.map((key) => {
    const dot = key.lastIndexOf('.');
    const [name, metric] = [key.slice(0, dot), key.slice(dot + 1)];
    const evaluation = evaluations.find((candidate) => candidate.name === name);
    if (!evaluation) throw unknownColumn(key, evaluations);
    return { key, evaluation: name, metric, label: labelColumn(evaluation, metric) };
  });
}

/**
 * `linear` and `bestTop1` make `linear top-1 (best)`; a label that says so already is not said twice. What
 * trains over epochs says which epoch: the last, or the best of them on the held-out images.
 */
function labelColumn({ label, recipe }: ResolvedEvaluation, metric: string): string {
  const isBest = metric.startsWith('best');
  // Detectron2's names are words already: AP50.
  const words = metric
    .replace(/^best/, '')
    .replace(/(?<![A-Z])[A-Z](?![A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim()
    .replace(/top(\d)/, 'top-$1');
  const named = label.toLowerCase().endsWith(words) ? label : `${label} ${words}`;
  return recipe.kind === 'lincls' ? `${named} (${isBest ? 'best' : 'last'})` : named;
}

function unknownColumn(key: string, evaluations: ResolvedExperiment['evaluations']): ProblemError {
  return new ProblemError({
    code: 'REPORT_COLUMN_UNKNOWN',
    message: `Expected report.columns to name evaluation.metric but received "${key}".`,
    hint: `Evaluations here: ${evaluations.map(({ name }) => name).join(', ')}. Metrics: top1, top5, ...`,
  });
}

function groupByCell(stages: readonly Stage[]): Map<string, Stage[]> {
  const groups = new Map<string, Stage[]>();
  for (const stage of stages) {
    if (stage.evaluation === undefined) continue;
    const key = `${stage.method}/${stage.evaluation}`;
    groups.set(key, [...(groups.get(key) ?? []), stage]);
  }
  return groups;
}

interface CellContext {
  readonly stages: readonly Stage[];
  readonly store: RunStore;
  readonly judging: Judging;
  /** Ids of the stages that will not come. */
  readonly failed: ReadonlySet<string>;
}

/** Stages that failed, and those that need what failed. */
function findFailed(stages: readonly Stage[], store: RunStore): Set<string> {
  const failed = new Set<string>();
  for (const stage of stages) {
    const state = findCurrent(stage, store)?.state;
    const waits = state !== 'done' && state !== 'running';
    if (state === 'failed' || (waits && stage.needs.some((need) => failed.has(need)))) failed.add(stage.id);
  }
  return failed;
}

function collectCell(
  method: ResolvedMethod,
  { key, evaluation, metric }: ReportColumn,
  { stages, store, judging, failed }: CellContext,
): ReportCell {
  const found = stages.map((stage) => findRecord(stage, store));
  refuseEqualSeeds(found);
  const trials = found.map(({ stage, record }) => {
    const state = failed.has(stage.id) ? 'failed' : findState(stage, record);
    const value = state === 'done' ? readMetric(stage, metric, record?.result?.metrics ?? {}) : null;
    return { trial: stage.trial ?? 0, seed: stage.seed, state, value, stage: stage.id };
  });
  const values = trials.flatMap(({ value }) => value ?? []);
  const statistics = values.length > 0 ? aggregate(values) : null;
  const published = method.published[evaluation]?.[metric] ?? null;
  const difference = statistics && published ? statistics.mean - published.mean : null;
  const interim = values.length < trials.length;
  const verdict = statistics && published ? judge(values, published, { ...judging, interim }) : null;
  return { column: key, trials, aggregate: statistics, published, difference, verdict };
}

function findRecord(stage: Stage, store: RunStore): TrialRecord {
  const reading = store.readRecord(stage.id);
  return { stage, record: reading.state === 'ok' ? reading.record : undefined };
}

function findState(
  stage: Stage,
  record: { readonly state: string; readonly fingerprint: string } | undefined,
): TrialValue['state'] {
  if (!record) return 'pending';
  if (record.fingerprint !== stage.fingerprint) return 'stale';
  if (record.state === 'done' || record.state === 'running') return record.state;
  return 'pending';
}

function readMetric(stage: Stage, metric: string, metrics: { readonly [name: string]: number }): number {
  const value = metrics[metric];
  if (value !== undefined) return value;
  throw new ProblemError({
    code: 'REPORT_METRIC_MISSING',
    message: `Expected ${stage.id} to have measured ${metric} but it measured ${Object.keys(metrics).join(', ') || 'nothing'}.`,
    hint: 'Correct report.columns.',
  });
}
