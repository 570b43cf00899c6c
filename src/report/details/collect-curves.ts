// Learning curves of every trial: those of pre-training, and of each evaluation that trains.

import path from 'node:path';
import type { ResolvedEvaluation, ResolvedExperiment } from '../../config/resolved.ts';
import type { Stage, StageGraph } from '../../plan/stage-graph.ts';
import { METRICS_FILE } from '../../runs/metrics-log.ts';
import type { RunStore } from '../../runs/run-store.ts';
import type { CurveFigure, CurvePoint, CurveSeries } from '../figures/draw-curves.ts';
import { averageCurves, pickLines } from './average-curves.ts';
import { type EpochRow, readEpochs } from './read-epochs.ts';
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
  reference: Reference,
): CurveFigure[] {
  const probes = experiment.evaluations.filter(({ recipe }) => recipe.kind === 'lincls');
  const context = { experiment, store, reference };
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

interface Context {
  readonly experiment: ResolvedExperiment;
  readonly store: RunStore;
  readonly reference: Reference;
}

function drawFrom(
  { experiment, store, reference }: Context,
  stages: readonly Stage[],
  { quantities, xLabel }: { readonly quantities: readonly Quantity[]; readonly xLabel: string },
): CurveFigure[] {
  const curves = quantities.map(() => new Map<string, CurvePoint[][]>());
  const shown = new Set(experiment.methods.slice(0, MAX_SERIES).map(({ name }) => name));
  for (const stage of stages.filter(({ method }) => shown.has(method ?? ''))) {
    const rows = readStage(stage, store);
    quantities.forEach((quantity, index) => {
      const points = pickPoints(rows, quantity);
      if (points.length === 0) return;
      const trials = curves[index]!.get(stage.method!) ?? [];
      curves[index]!.set(stage.method!, [...trials, points]);
    });
  }
  return quantities.flatMap(({ key, title, yLabel }, index) => {
    const series = listSeries(experiment, curves[index]!);
    if (series.length === 0) return [];
    return { key, title, yLabel, xLabel, series, ...findReference(key, { experiment, reference }) };
  });
}

/** A stage's rows count only if they are of the very settings asked for. */
function readStage(stage: Stage, store: RunStore): EpochRow[] {
  const reading = store.readRecord(stage.id);
  if (reading.state !== 'ok' || reading.record.fingerprint !== stage.fingerprint) return [];
  return readEpochs(path.join(store.folderOf(stage.id), METRICS_FILE));
}

/** The points of one quantity. */
export function pickPoints(rows: readonly EpochRow[], { split, field }: Quantity): CurvePoint[] {
  return rows
    .filter((row) => row.split === split && typeof row[field] === 'number')
    .map((row) => ({ epoch: row.epoch + 1, value: row[field] as number }));
}

function listSeries(
  { methods }: ResolvedExperiment,
  curves: ReadonlyMap<string, readonly CurvePoint[][]>,
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
    const curves = new Map<string, CurvePoint[][]>();
    for (const stage of stages.filter(({ evaluation }) => evaluation === name)) {
      const reading = store.readRecord(stage.id);
      const value = reading.state === 'ok' ? reading.record.result?.metrics.top1 : undefined;
      const method = experiment.methods.find((each) => each.name === stage.method);
      if (value === undefined || reading.state !== 'ok' || !method) continue;
      if (reading.record.fingerprint !== stage.fingerprint) continue;
      const epoch = method.recipe.method === 'moco' ? method.recipe.epochs : 0;
      curves.set(method.name, [...(curves.get(method.name) ?? []), [{ epoch, value }]]);
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
