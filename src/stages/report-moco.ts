// What a pre-training tells while it goes on: rows of metrics, progress, and warnings that follow from them.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { measureFeatureStd } from '../moco/feature-std.ts';
import { METRICS_FILE, type MetricsRow, readMetricsLog } from '../runs/metrics-log.ts';
import type { StepMeasure } from '../train/meter.ts';
import type { LoggedStep } from '../train/warnings/contrast-task.ts';
import { TrainingWatch } from '../train/warnings/watch-training.ts';
import type { MocoTraining } from './moco-training.ts';
import type { TrainingPosition, TrainingStart } from './training-position.ts';

/** What is to be looked at: nothing on ranks that keep no files. */
export function createWatch(
  { context, recipe, team }: MocoTraining,
  { progress }: TrainingStart,
): TrainingWatch {
  const { queueSize, dim, symmetric } = recipe.moco;
  const terms = symmetric ? 2 : 1;
  const file = path.join(context.folder, METRICS_FILE);
  const rows = team.keepsFiles && existsSync(file) ? readMetricsLog(file) : [];
  return new TrainingWatch({
    task: { queueSize, keysPerStep: terms * recipe.batchSize, dim, terms },
    warn: context.warn,
    lines: rows.filter(({ featureStd }) => featureStd !== undefined) as unknown as LoggedStep[],
    given: team.keepsFiles ? (progress?.warnings ?? []) : [],
  });
}

/** A line of metrics every few steps, and what it tells of the training. */
export async function logStep(
  { moco, recipe, log }: MocoTraining,
  watch: TrainingWatch,
  row: MetricsRow & StepMeasure,
): Promise<void> {
  const featureStd = await measureFeatureStd(moco.queue, recipe.batchSize);
  log.append({ ...row, featureStd });
  watch.noteLine({ step: row.step, loss: row.loss, acc1: row.acc1, featureStd });
}

/** The row of a whole epoch. */
export function logEpoch({ log, loader }: MocoTraining, position: TrainingPosition, lr: number): void {
  const { step, epoch, meter, epochTimeMs: timeMs } = position;
  const { loss: epochLoss, acc1: epochAcc1, acc5: epochAcc5 } = meter.means;
  const imagesPerSecond = (1000 * loader.imagesPerEpoch) / timeMs;
  log.append({
    step,
    epoch,
    split: 'train',
    epochLoss,
    epochAcc1,
    epochAcc5,
    lr,
    timeMs,
    imagesPerSecond,
  });
}

interface StepReport {
  readonly step: number;
  readonly epoch: number;
  readonly lr: number;
  readonly means: StepMeasure;
  readonly dataTimeMs: number;
  readonly stepTimeMs: number;
  readonly imagesPerSecond: number;
}

/** For whoever watches. */
export function reportStep({ context, recipe, loader }: MocoTraining, report: StepReport): void {
  const { step, epoch, lr, means, dataTimeMs, stepTimeMs, imagesPerSecond } = report;
  context.report({
    phase: 'train',
    done: step * recipe.batchSize,
    total: recipe.epochs * loader.imagesPerEpoch,
    epoch: epoch + 1,
    epochs: recipe.epochs,
    meters: { ...means, lr, dataTimeMs, stepTimeMs },
    imagesPerSecond,
  });
}
