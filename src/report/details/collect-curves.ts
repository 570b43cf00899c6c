// Learning curves of every trial: those of pre-training, and of each evaluation that trains.

import path from 'node:path';
import type { ResolvedEvaluation, ResolvedExperiment } from '../../config/resolved.ts';
import type { Stage, StageGraph } from '../../plan/stage-graph.ts';
import { findCurrent } from '../../runs/find-current.ts';
import { METRICS_FILE } from '../../runs/metrics-log.ts';
import type { RunStore } from '../../runs/run-store.ts';
import type { CurveFigure, CurveSeries } from '../figures/draw-curves.ts';
import { averageCurves, pickLines, type TrialCurve } from './average-curves.ts';
import { type EpochTable, hasPoints, type ReadTable, readEpochTable, showPoints } from './epoch-table.ts';
import type { EpochRow } from './read-epochs.ts';
import type { Reference } from './read-reference.ts';

/** More methods than this do not fit a figure. */
export const MAX_SERIES = 8;

/** One quantity: where its numbers stand, and what it is called. */
export interface Quantity {
  readonly key: string;
  readonly title: string;
  readonly yLabel: string;
  readonly split: EpochRow['split'];
  readonly field: string;
}

/** What pre-training measures. */
export const PRETRAIN_QUANTITIES: readonly Quantity[] = [
  {
    key: 'loss',
    title: 'Pre-training loss',
    yLabel: 'InfoNCE loss (nats)',
    split: 'train',
    field: 'epochLoss',
  },
  {
    ...{ key: 'acc1', title: 'Contrastive accuracy' },
    ...{ yLabel: 'positive ranked first (%)', split: 'train', field: 'epochAcc1' },
  },
  {
    ...{ key: 'monitor.knn.top1', title: 'kNN while it trains' },
    ...{ yLabel: 'top-1 (%)', split: 'val', field: 'knnTop1' },
  },
  { key: 'lr', title: 'Learning rate', yLabel: 'learning rate', split: 'train', field: 'lr' },
  {
    ...{ key: 'imagesPerSecond', title: 'Throughput of pre-training' },
    ...{ yLabel: 'images per second', split: 'train', field: 'imagesPerSecond' },
  },
];

/** What a linear classifier measures. */
export function listProbeQuantities({ name, label }: Pick<ResolvedEvaluation, 'name' | 'label'>): Quantity[] {
  return [
    {
      ...{ key: `${name}.top1`, title: `Held-out accuracy, ${label}` },
      ...{ yLabel: 'top-1 (%)', split: 'val', field: 'acc1' },
    },
    {
      ...{ key: `${name}.loss`, title: `Training loss, ${label}` },
      ...{ yLabel: 'cross-entropy (nats)', split: 'train', field: 'epochLoss' },
    },
  ];
}

/** Collects every figure that has data or a reference. */
export function collectCurves(
  { experiment, stages }: StageGraph,
  store: RunStore,
  { reference = new Map(), readTable = readEpochTable }: Partial<Sources> = {},
): CurveFigure[] {
  const probes = experiment.evaluations.filter(({ recipe }) => recipe.kind === 'lincls');
  const context = { experiment, store, reference, readTable };
  return [
    ...drawFrom(
      context,
      stages.filter(({ kind }) => kind === 'pretrain'),
      {
        quantities: PRETRAIN_QUANTITIES,
        xLabel: 'epoch of pre-training',
      },
    ),
    ...probes.flatMap((probe) =>
      drawFrom(
        context,
        stages.filter(({ evaluation }) => evaluation === probe.name),
        {
          quantities: listProbeQuantities(probe),
          xLabel: 'epoch of the linear classifier',
        },
      ),
    ),
    ...collectKnn(context, stages),
  ];
}

/** Where curves come from beside the store. */
interface Sources {
  readonly reference: Reference;
  readonly readTable: ReadTable;
}

interface Context extends Sources {
  readonly experiment: ResolvedExperiment;
  readonly store: RunStore;
}

function drawFrom(
  { experiment, store, reference, readTable }: Context,
  stages: readonly Stage[],
  { quantities, xLabel }: { readonly quantities: readonly Quantity[]; readonly xLabel: string },
): CurveFigure[] {
  const shown = new Set(experiment.methods.slice(0, MAX_SERIES).map(({ name }) => name));
  const tables = stages
    .filter((stage) => shown.has(stage.method ?? '') && findCurrent(stage, store))
    .map((stage): [string, EpochTable] => [
      stage.method!,
      readTable(path.join(store.folderOf(stage.id), METRICS_FILE)),
    ]);
  return quantities.flatMap((quantity) => {
    const { key, title, yLabel } = quantity;
    const curves = new Map<string, TrialCurve[]>();
    for (const [method, table] of tables)
      if (hasPoints(table, quantity)) addTrial(curves, method, showPoints(table, quantity));
    const series = listSeries(experiment, curves);
    if (series.length === 0) return [];
    return { key, title, yLabel, xLabel, series, ...findReference(key, { experiment, reference }) };
  });
}

function addTrial(curves: Map<string, TrialCurve[]>, method: string, trial: TrialCurve): void {
  const trials = curves.get(method);
  if (trials) trials.push(trial);
  else curves.set(method, [trial]);
}

function listSeries(
  { methods }: ResolvedExperiment,
  curves: ReadonlyMap<string, readonly TrialCurve[]>,
): CurveSeries[] {
  return methods.flatMap(({ name, label }, style) => {
    const trials = curves.get(name);
    if (!trials) return [];
    return { label, style, trials: trials.length, mean: averageCurves(trials), lines: pickLines(trials) };
  });
}

/** kNN judges a finished encoder: a point at its last epoch, where a reference has a curve to see it against. */
function collectKnn({ experiment, store, reference }: Context, stages: readonly Stage[]): CurveFigure[] {
  const evaluations = experiment.evaluations.filter(({ recipe }) => recipe.kind === 'knn');
  return evaluations.flatMap(({ name, label }) => {
    const key = `${name}.top1`;
    const found = findReference(key, { experiment, reference });
    if (!found.reference) return [];
    const curves = new Map<string, TrialCurve[]>();
    for (const stage of stages.filter(({ evaluation }) => evaluation === name)) {
      const value = findCurrent(stage, store)?.result?.metrics.top1;
      const method = experiment.methods.find((each) => each.name === stage.method);
      if (value === undefined || !method) continue;
      const epoch = method.recipe.method === 'moco' ? method.recipe.epochs : 0;
      addTrial(curves, method.name, (show) => show(epoch, value));
    }
    const series = listSeries(experiment, curves).slice(0, MAX_SERIES);
    const title = `Held-out accuracy, ${label}`;
    return { key, title, yLabel: 'top-1 (%)', xLabel: 'epoch of pre-training', series, ...found };
  });
}

/** The reference's column of this curve; `value` is that of the first evaluation. */
function findReference(
  key: string,
  { experiment, reference }: Pick<Context, 'experiment' | 'reference'>,
): Pick<CurveFigure, 'reference'> {
  const first = `${experiment.evaluations[0]?.name ?? ''}.top1`;
  // What is measured while it trains is the same quantity as what the evaluation finds in the end.
  const own = reference.get(key) ?? reference.get(key.replace(/^monitor\./, ''));
  const points = own ?? (key === first ? reference.get('value') : undefined);
  if (!points) return {};
  const name = path.basename(experiment.report.reference ?? '');
  return { reference: { label: `reference: ${name}`, points } };
}
