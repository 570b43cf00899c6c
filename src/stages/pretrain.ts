// Pre-training. Leaves its checkpoints and the metrics; goes on from its own checkpoint where an interrupted
// run left one. The loop itself is in train-moco.

import path from 'node:path';
import { checkQueueAgainstData } from '../config/check-recipe.ts';
import type { PretrainRecipe } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import type { Loader } from '../data/batch.ts';
import { type CropList, openLoader } from '../data/loader.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { createMoco, type Moco } from '../moco/moco.ts';
import { listByStep } from '../runs/checkpoint.ts';
import { createNoLog, METRICS_FILE, type MetricsLog, type MetricsMark } from '../runs/metrics-log.ts';
import { openTrackedLog } from '../tracking/track-metrics.ts';
import { BadImages } from './bad-images.ts';
import { findSound, resumeMetrics } from './find-resume.ts';
import { chooseThreads } from './inputs.ts';
import { readMocoCheckpoint } from './moco-checkpoint.ts';
import { clearFailedStep } from './non-finite.ts';
import { joinTeam, type RankTeam, refuseDifference } from './rank-team.ts';
import { recordCrops } from './record-crops.ts';
import type { RunStage, StageContext, StageOutcome } from './stage-context.ts';
import { drawShuffle, trainMoco } from './train-moco.ts';
import type { TrainingStart } from './training-position.ts';
import { refuseNoProgress, refuseOtherData } from './training-progress.ts';

/** Leaves a checkpoint and METRICS_FILE. Throws DATA_*, CONFIG_QUEUE_* and STAGE_* problems. */
export const runPretrain: RunStage<'pretrain'> = async (context) => {
  const { recipe } = context.config;
  const loader = await openTrainLoader(context);
  try {
    refuseQueue(context, loader);
    const engine = await createEngine(recipe.engine, { precision: recipe.precision, warn: context.warn });
    const team = await joinTeam(context, { engine, facts: { images: loader.size } });
    try {
      return await trainTogether(context, { engine, team, loader });
    } finally {
      await team.close();
    }
  } finally {
    await loader.close();
  }
};

interface Opened {
  readonly engine: Engine;
  readonly team: RankTeam;
  readonly loader: Loader;
}

async function trainTogether(
  context: StageContext<'pretrain'>,
  { engine, team, loader }: Opened,
): Promise<StageOutcome> {
  const { recipe } = context.config;
  const { model, moco: settings, optimizer } = recipe;
  const { collectives } = team;
  const { seed } = context.stage;
  const moco = createMoco({ engine, model, moco: settings, optimizer, seed, collectives });
  const { start, log } = await begin(context, moco, { engine, team, loader });
  try {
    const badImages = new BadImages({
      policy: recipe.loader,
      warn: context.warn,
      known: start.progress?.badImages,
    });
    return await trainMoco({ context, recipe, engine, team, loader, moco, log, badImages }, start);
  } finally {
    log.close();
  }
}

/** Loads what an interrupted run left on rank 0, which keeps it, and gives it to all. */
async function begin(
  context: StageContext<'pretrain'>,
  moco: Moco,
  { team, loader }: Opened,
): Promise<{ readonly start: TrainingStart; readonly log: MetricsLog }> {
  const { collectives, keepsFiles } = team;
  const { start, mark } = keepsFiles ? resume(context, moco, loader) : { start: { epochs: 0 } };
  if (keepsFiles) {
    resumeMetrics(context, mark);
    clearFailedStep(context);
  }
  const log = keepsFiles ? openTrackedLog(path.join(context.folder, METRICS_FILE)) : createNoLog();
  if (collectives.ranks === 1) return { start, log };
  await moco.replicate();
  await refuseDifference(team, moco.replicated, 'at the start');
  return { start: (await collectives.gatherValues<TrainingStart>(start))[0]!, log };
}

async function openTrainLoader(context: StageContext<'pretrain'>): Promise<Loader> {
  const { config, cores, stage, folder, rank } = context;
  const { recipe } = config;
  const crops = rank ? listCrops(context) : undefined;
  const loader = await openLoader({
    data: recipe.data,
    split: 'train',
    ops: recipe.augment,
    views: 2,
    ...(rank && crops ? { share: rank.rendezvous, crops } : {}),
    batchSize: recipe.batchSize,
    shuffle: true,
    dropLast: true,
    seed: stage.seed,
    threads: chooseThreads(recipe.loader, cores),
    prefetch: recipe.loader.prefetch,
    badImages: recipe.loader,
  });
  const isFirst = !rank || rank.rendezvous.rank === 0;
  const rows = crops?.[0]?.views.length ?? 2;
  return isFirst ? recordCrops(loader, folder, { data: recipe.data, rows }) : loader;
}

/** Of several ranks: own crops for queries, those of the shuffled batch for keys, which the rank encodes. */
function listCrops({ config: { recipe }, stage }: StageContext<'pretrain'>): CropList[] {
  const { symmetric, shuffleBn } = recipe.moco;
  const order = (step: number) => drawShuffle(stage.seed, step, recipe.batchSize);
  if (!shuffleBn) return [{ views: [0, 1] }];
  return symmetric ? [{ views: [0, 1] }, { views: [0, 1], order }] : [{ views: [0] }, { views: [1], order }];
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
    return { start: { epochs, progress, isEpochOpen: progress.isEpochOpen }, mark: progress.metrics };
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
