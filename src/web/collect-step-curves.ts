// The curves of one stage by its optimiser steps, as they come in: an epoch of ImageNet takes hours.

import { existsSync, readFileSync } from 'node:fs';
import type { CurveFigure, CurvePoint } from '../report/figures/draw-curves.ts';

interface StepQuantity {
  readonly field: string;
  readonly title: string;
  readonly yLabel: string;
}

const QUANTITIES: readonly StepQuantity[] = [
  { field: 'loss', title: 'Training loss', yLabel: 'loss (nats)' },
  { field: 'acc1', title: 'Accuracy on the batches', yLabel: 'top-1 (%)' },
  { field: 'featureStd', title: 'Spread of the features', yLabel: 'standard deviation' },
  { field: 'lr', title: 'Learning rate', yLabel: 'learning rate' },
  { field: 'imagesPerSecond', title: 'Throughput', yLabel: 'images per second' },
];

/** Rows that are read of a long training: more than a figure has pixels show nothing more. */
const MAX_ROWS = 480;

/** Collects the figures that have data, over rows of steps; those of whole epochs where there are no others. */
export function collectStepCurves(file: string): CurveFigure[] {
  const lines = readTrainingLines(file);
  const every = Math.max(1, Math.ceil(lines.length / MAX_ROWS));
  const rows = lines
    .filter((_, index) => index % every === 0 || index === lines.length - 1)
    .map(parseRow)
    .filter((row) => row !== undefined);
  return QUANTITIES.flatMap(({ field, title, yLabel }) => {
    const points = pickPoints(rows, field);
    if (points.length === 0) return [];
    const mean = points.map((point) => ({ ...point, std: 0, trials: 1 }));
    const series = [{ label: 'this stage', style: 0, trials: 1, mean, lines: [] }];
    return [{ key: field, title, yLabel, xLabel: 'step', series }];
  });
}

/** Lines of steps; a last line that is still being written is none. */
function readTrainingLines(file: string): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'latin1').split('\n').slice(0, -1);
  const steps = lines.filter((line) => line.includes('"loss":') && line.includes('"split":"train"'));
  return steps.length > 0 ? steps : lines.filter((line) => line.includes('"epochLoss":'));
}

type Row = { readonly [field: string]: unknown };

function parseRow(line: string): Row | undefined {
  try {
    return JSON.parse(line) as Row;
  } catch {
    return undefined;
  }
}

function pickPoints(rows: readonly Row[], field: string): CurvePoint[] {
  const names =
    field === 'loss' || field === 'acc1'
      ? [field, `epoch${field[0]!.toUpperCase()}${field.slice(1)}`]
      : [field];
  return rows.flatMap((row) => {
    const value = names.map((name) => row[name]).find((each) => typeof each === 'number');
    return typeof row.step === 'number' && typeof value === 'number' ? [{ epoch: row.step, value }] : [];
  });
}
