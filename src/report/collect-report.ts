// Collects a report from the records on disk. Only results of the very settings that the graph
// asks for count: a record that is unfinished, damaged or of another fingerprint leaves its trial open.

import type { ResolvedExperiment, ResolvedMethod } from '../config/resolved.ts';
import { ProblemError } from '../core/problem.ts';
import type { Stage, StageGraph } from '../plan/stage-graph.ts';
import type { RunStore } from '../runs/run-store.ts';
import { aggregate } from './aggregate.ts';
import type { Report, ReportCell, ReportColumn, ReportRow, TrialValue } from './report.ts';

/** Collects what is there at this moment; cells that are still to be run are part of the report. */
export function collectReport({ experiment, stages }: StageGraph, store: RunStore): Report {
  const { name, claim, source, trials, methods } = experiment;
  const columns = listColumns(experiment);
  const judged = groupByCell(stages);
  const collectRow = (method: ResolvedMethod): ReportRow => ({
    method: method.name,
    label: method.label,
    cells: columns.map((column) => {
      const cellStages = judged.get(`${method.name}/${column.evaluation}`) ?? [];
      return collectCell(method, column, { stages: cellStages, store });
    }),
  });
  return {
    experiment: name,
    ...(claim === undefined ? {} : { claim }),
    ...(source === undefined ? {} : { source }),
    trials,
    columns,
    rows: methods.map(collectRow),
  };
}

/** The columns that the experiment names, or every evaluation's top-1. */
function listColumns({ report, evaluations }: ResolvedExperiment): ReportColumn[] {
  const keys = report.columns.length > 0 ? report.columns : evaluations.map(({ name }) => `${name}.top1`);
  return keys.map((key) => {
    const dot = key.lastIndexOf('.');
    const [name, metric] = [key.slice(0, dot), key.slice(dot + 1)];
    const evaluation = evaluations.find((candidate) => candidate.name === name);
    if (!evaluation) throw unknownColumn(key, evaluations);
    return { key, evaluation: name, metric, label: labelColumn(evaluation.label, metric) };
  });
}

/** `linear` and `bestTop1` make `linear best top-1`; a label that says so already stays as it is. */
function labelColumn(label: string, metric: string): string {
  const words = metric.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/top(\d)/, 'top-$1');
  return label.toLowerCase().endsWith(words) ? label : `${label} ${words}`;
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

function collectCell(
  method: ResolvedMethod,
  { key, evaluation, metric }: ReportColumn,
  { stages, store }: { readonly stages: readonly Stage[]; readonly store: RunStore },
): ReportCell {
  const trials = stages.map((stage) => readTrial(stage, metric, store));
  const values = trials.flatMap(({ value }) => value ?? []);
  const statistics = values.length > 0 ? aggregate(values) : null;
  const published = method.published[evaluation]?.[metric] ?? null;
  const difference = statistics && published ? statistics.mean - published.mean : null;
  return { column: key, trials, aggregate: statistics, published, difference };
}

function readTrial(stage: Stage, metric: string, store: RunStore): TrialValue {
  const reading = store.readRecord(stage.id);
  const record = reading.state === 'ok' ? reading.record : undefined;
  const state = findState(stage, record);
  const value = state === 'done' ? readMetric(stage, metric, record?.result?.metrics ?? {}) : null;
  return { trial: stage.trial ?? 0, seed: stage.seed, state, value, stage: stage.id };
}

function findState(
  stage: Stage,
  record: { readonly state: string; readonly fingerprint: string } | undefined,
): TrialValue['state'] {
  if (!record) return 'pending';
  if (record.fingerprint !== stage.fingerprint) return 'stale';
  if (record.state === 'done' || record.state === 'running' || record.state === 'failed') return record.state;
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
