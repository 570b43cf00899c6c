// Pre-training. Leaves its checkpoints and the metrics; goes on from its own checkpoint where an interrupted
// run left one. The loop itself is in train-moco.

import path from 'node:path';
import { checkQueueAgainstData } from '../config/check-recipe.ts';
import type { PretrainRecipe } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import type { Loader } from '../data/batch.ts';
import { openLoader } from '../data/loader.ts';
import { createEngine } from '../engine/create-engine.ts';
import { createMoco, type Moco } from '../moco/moco.ts';
import { listByStep } from '../runs/checkpoint.ts';
import { type MetricsMark, openMetricsLog } from '../runs/metrics-log.ts';
import { findSound, resumeMetrics } from './find-resume.ts';
import { chooseThreads } from './inputs.ts';
import { readMocoCheckpoint } from './moco-checkpoint.ts';
import { recordCrops } from './record-crops.ts';
import type { RunStage, StageContext } from './stage-context.ts';
import { METRICS_FILE } from './stage-files.ts';
import { trainMoco } from './train-moco.ts';
import type { TrainingStart } from './training-position.ts';
import { refuseNoProgress, refuseOtherData } from './training-progress.ts';

/** Leaves a checkpoint and METRICS_FILE. Throws DATA_*, CONFIG_QUEUE_* and STAGE_* problems. */
export const runPretrain: RunStage<'pretrain'> = async (context) => {
  const { recipe } = context.config;
  const loader = recordCrops(await openTrainLoader(context), context.folder, recipe.data);
  try {
    refuseQueue(context, loader);
    const engine = await createEngine(recipe.engine, { precision: recipe.precision, warn: context.warn });
    const { model, moco: settings, optimizer } = recipe;
    const moco = createMoco({ engine, model, moco: settings, optimizer, seed: context.stage.seed });
    const { start, mark } = resume(context, moco, loader);
    resumeMetrics(context, mark);
    const log = openMetricsLog(path.join(context.folder, METRICS_FILE));
    try {
      return await trainMoco({ context, recipe, engine, loader, moco, log }, start);
    } finally {
      log.close();
    }
  } finally {
    await loader.close();
  }
};

function openTrainLoader({ config: { recipe }, cores, stage }: StageContext<'pretrain'>): Promise<Loader> {
  return openLoader({
    data: recipe.data,
    split: 'train',
    ops: recipe.augment,
    views: 2,
    batchSize: recipe.batchSize,
    shuffle: true,
    dropLast: true,
    seed: stage.seed,
    threads: chooseThreads(recipe.loader, cores),
    prefetch: recipe.loader.prefetch,
  });
}

/** What validation could not know: how many images there are. */
function refuseQueue({ config: { recipe }, warn }: StageContext<'pretrain'>, loader: Loader): void {
  const { problems, warnings } = checkQueueAgainstData(recipe, loader.size, '');
  for (const { message, hint = '' } of warnings) warn(`${message} ${hint}`.trim());
  if (problems.length > 0) throw new ProblemError(problems);
}

interface Resumed {
  readonly start: TrainingStart;
  /** Of the rows of metrics that are there already. */
  readonly mark?: MetricsMark;
}

/** Loads the checkpoint that an interrupted run left, or the one to go on from. */
function resume(context: StageContext<'pretrain'>, moco: Moco, loader: Loader): Resumed {
  const { recipe } = context.config;
  const left = listByStep(context.folder, loader.batchesPerEpoch).map(({ path: file }) => file);
  const own = findSound(left, context);
  if (own !== undefined) {
    const { tensors, epochs, progress } = readMocoCheckpoint(own, recipe);
    refuseNoProgress(progress, own);
    refuseOtherData(progress, { now: loader.batchesPerEpoch, file: own });
    moco.loadTensors(tensors);
    return { start: { epochs, progress }, mark: progress.metrics };
  }
  if (recipe.resume === undefined) return { start: { epochs: 0 } };
  const { tensors, epochs, progress } = readMocoCheckpoint(path.resolve(recipe.resume), recipe);
  if (epochs >= recipe.epochs) throw new ProblemError(reportTooFar(recipe.resume, epochs, recipe));
  moco.loadTensors(tensors);
  // Of other data or another batch size, a place inside an epoch means nothing.
  const isInside = progress?.batchesPerEpoch === loader.batchesPerEpoch && progress.batch > 0;
  return { start: isInside ? { epochs, progress } : { epochs } };
}

function reportTooFar(file: string, epochs: number, recipe: PretrainRecipe) {
  return {
    code: 'STAGE_CHECKPOINT_TOO_FAR',
    message: `Expected a checkpoint of fewer than ${recipe.epochs} epochs, as epochs says, but ${file} has had ${epochs}.`,
    hint: 'Raise epochs, or judge it as it is with method: pretrained and checkpoint.',
  };
}
