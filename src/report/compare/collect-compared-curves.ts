// The learning curves of any runs in one figure a quantity: a series a run, the mean over its trials.

import path from 'node:path';
import { METRICS_FILE } from '../../runs/metrics-log.ts';
import { averageCurves, pickLines } from '../details/average-curves.ts';
import { listProbeQuantities, PRETRAIN_QUANTITIES, type Quantity } from '../details/collect-curves.ts';
import {
  countBytes,
  type EpochTable,
  hasPoints,
  type ReadTable,
  readEpochTable,
  showPoints,
} from '../details/epoch-table.ts';
import type { CurveFigure } from '../figures/draw-curves.ts';
import { stageOf } from './compare-runs.ts';
import type { FoundRun } from './find-runs.ts';

/** A run, with the table of each trial by the name of their stage. */
interface RunTables {
  readonly label: string;
  readonly stages: ReadonlyMap<string, readonly EpochTable[]>;
}

/** Collects the figures that have data. `labels`: one a run. */
export function collectComparedCurves(
  runs: readonly FoundRun[],
  labels: readonly string[],
  readTable: ReadTable = readEpochTable,
): CurveFigure[] {
  const tables = runs.map((run, i) => ({ label: labels[i]!, stages: readRun(run, readTable) }));
  const names = [...new Set(tables.flatMap(({ stages }) => [...stages.keys()]))];
  return names.flatMap((name) => {
    const isPretrain = name === 'pretrain';
    const quantities = isPretrain ? PRETRAIN_QUANTITIES : listProbeQuantities({ name, label: name });
    const xLabel = isPretrain ? 'epoch of pre-training' : 'epoch of the linear classifier';
    return quantities.flatMap((quantity) => collectFigure(tables, { name, quantity, xLabel }));
  });
}

function readRun({ records, folders }: FoundRun, readTable: ReadTable): RunTables['stages'] {
  const stages = new Map<string, EpochTable[]>();
  records.forEach((record, i) => {
    const table = readTable(path.join(folders[i]!, METRICS_FILE));
    if (countBytes(table) === 0) return;
    const name = stageOf(record);
    const trials = stages.get(name);
    if (trials) trials.push(table);
    else stages.set(name, [table]);
  });
  return stages;
}

interface Wanted {
  /** Of the stage. */
  readonly name: string;
  readonly quantity: Quantity;
  readonly xLabel: string;
}

function collectFigure(runs: readonly RunTables[], { name, quantity, xLabel }: Wanted): CurveFigure[] {
  const series = runs.flatMap(({ label, stages }, style) => {
    const trials = (stages.get(name) ?? [])
      .filter((table) => hasPoints(table, quantity))
      .map((table) => showPoints(table, quantity));
    if (trials.length === 0) return [];
    return [{ label, style, trials: trials.length, mean: averageCurves(trials), lines: pickLines(trials) }];
  });
  const { key, title, yLabel } = quantity;
  return series.length === 0 ? [] : [{ key, title, yLabel, xLabel, series }];
}
