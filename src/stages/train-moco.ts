// The loop of main_moco.py: epoch by epoch, batch by batch. Writes a checkpoint after epochs, and in the
// middle of one when it is time or when it is told to stop, from which it goes on to the same bits.

import path from 'node:path';
import { permutation, stream } from '../core/rng.ts';
import type { Batch } from '../data/batch.ts';
import * as tf from '../engine/tf.ts';
import type { MocoBatch } from '../moco/moco.ts';
import {
  applyRetention,
  listCheckpoints,
  nameCheckpoint,
  nameStepCheckpoint,
  removeStepCheckpoints,
} from '../runs/checkpoint.ts';
import { METRICS_FILE } from '../runs/metrics-log.ts';
import type { TrainingWatch } from '../train/warnings/watch-training.ts';
import { toImageTensor } from './batch-tensor.ts';
import { computeRate, type MocoTraining } from './moco-training.ts';
import { isMonitored, monitorKnn } from './monitor-knn.ts';
import { shareStep } from './non-finite.ts';
import { describeTeam, type Measured, refuseDifference } from './rank-team.ts';
import { createWatch, logEpoch, logStep, reportStep } from './report-moco.ts';
import { saveCheckpoint } from './save-moco.ts';
import type { StageOutcome } from './stage-context.ts';
import { TrainingPosition, type TrainingStart } from './training-position.ts';

/** Steps between two lines of metrics, as --print-freq of the original. */
const STEPS_A_LINE = 10;

/** Trains to the end, or until it is told to stop. Throws DATA_* problems and STAGE_*_NOT_FINITE. */
export async function trainMoco(training: MocoTraining, start: TrainingStart): Promise<StageOutcome> {
  const { recipe, context, loader, engine, team, moco } = training;
  const { folder } = context;
  const position = new TrainingPosition(loader.batchesPerEpoch, start);
  const watch = createWatch(training, start);
  const started = performance.now();
  while (position.epoch < recipe.epochs) {
    if (!(await trainEpoch(training, position, watch))) return { state: 'stopped' };
    await refuseDifference(team, moco.replicated, `after epoch ${position.epoch + 1}`);
    const done = position.epoch + 1;
    const isLast = done === recipe.epochs;
    const { knn } = recipe.monitor ?? {};
    if (knn && isMonitored(knn, done, recipe.epochs) && !(await monitorKnn(training, knn, position))) {
      await saveCheckpoint(training, { position, watch, isOpen: true }, nameStepCheckpoint(position.step));
      return { state: 'stopped' };
    }
    if (isLast || done % recipe.checkpointing.everyEpochs === 0)
      await saveCheckpoint(training, { position, watch }, nameCheckpoint(position.epoch));
    else if (team.isStopping())
      await saveCheckpoint(training, { position, watch }, nameStepCheckpoint(position.step));
    if (team.isStopping() && !isLast) return { state: 'stopped' };
    position.endEpoch();
  }
  if (team.keepsFiles) {
    removeStepCheckpoints(folder);
    applyRetention(folder, recipe.checkpointing.keep);
  }
  const images = position.ownSteps * recipe.batchSize;
  return {
    state: 'done',
    metrics: { ...position.lastMeans! },
    outputs: team.keepsFiles
      ? [...listCheckpoints(folder).map(({ path: file }) => path.basename(file)), METRICS_FILE]
      : [],
    images,
    imagesPerSecond: images > 0 ? (1000 * images) / (performance.now() - started) : null,
    engine: describeTeam(engine, team),
    badImages: training.badImages.list,
  };
}

/** The rest of an epoch, if there is any; false where it was told to stop. */
async function trainEpoch(
  training: MocoTraining,
  position: TrainingPosition,
  watch: TrainingWatch,
): Promise<boolean> {
  if (position.isAtEnd) return true;
  const { recipe, loader, team } = training;
  const { batchSize } = recipe;
  const { epoch } = position;
  const lr = computeRate(recipe, epoch);
  let waitingSince = performance.now();
  for await (const batch of loader.readEpoch(epoch, position.batch)) {
    if (team.isStopping() || position.step === training.context.config.lastStep) {
      if (position.isUnsaved)
        await saveCheckpoint(training, { position, watch }, nameStepCheckpoint(position.step));
      return false;
    }
    const dataTimeMs = performance.now() - waitingSince;
    const { measure, bad = [] } = await trainBatch(training, batch, { step: position.step, epoch, lr });
    training.badImages.note(bad);
    const stepTimeMs = performance.now() - waitingSince - dataTimeMs;
    position.advance();
    const { step, meter } = position;
    meter.add(measure, batchSize);
    const imagesPerSecond = (1000 * batchSize) / (dataTimeMs + stepTimeMs);
    const times = { dataTimeMs, stepTimeMs, imagesPerSecond };
    watch.noteTimes(times);
    if (step % STEPS_A_LINE === 0 && team.keepsFiles)
      await logStep(training, watch, { step, epoch, split: 'train', ...measure, lr, ...times });
    reportStep(training, { step, epoch, lr, means: meter.means, ...times });
    if (position.isDue(recipe.checkpointing.everyMinutes))
      await saveCheckpoint(training, { position, watch }, nameStepCheckpoint(step));
    waitingSince = performance.now();
  }
  logEpoch(training, position, lr);
  return true;
}

/** ShuffleBN's permutation of a whole batch, the same on every rank. */
export function drawShuffle(seed: number, step: number, batchSize: number): Int32Array {
  return permutation(stream(seed, 'shuffle-bn', step), batchSize);
}

/** `step`: how many are done. Returns what all ranks have measured. */
async function trainBatch(
  { context, recipe, moco, team }: MocoTraining,
  batch: Batch,
  { step, epoch, lr }: { readonly step: number; readonly epoch: number; readonly lr: number },
): Promise<Measured> {
  const crops = batch.views.map((_, view) => toImageTensor(batch, view));
  const { symmetric, shuffleBn } = recipe.moco;
  const isShuffled = shuffleBn && team.collectives.ranks > 1;
  const order = drawShuffle(context.stage.seed, step, recipe.batchSize);
  const taken = { step, epoch, lr, indices: batch.indices, bad: batch.bad };
  let shared: Measured | undefined;
  await moco.trainStep(
    { ...nameCrops(crops, { symmetric, isShuffled }), order, lr },
    {
      onMeasure: async (own, examine) => {
        shared = await shareStep({ context, team }, taken, { own, examine });
      },
    },
  );
  tf.dispose(crops);
  return shared!;
}

/** The crops of a batch in the order of its lists. `isShuffled`: the keys are those of the shuffled batch. */
function nameCrops(
  crops: readonly tf.Tensor4D[],
  { symmetric, isShuffled }: { readonly symmetric: boolean; readonly isShuffled: boolean },
): Omit<MocoBatch, 'order' | 'lr'> {
  const [first, second, third, fourth] = crops as readonly [tf.Tensor4D, tf.Tensor4D, ...tf.Tensor4D[]];
  if (!isShuffled) return { queries: first, keys: second };
  if (!symmetric) return { queries: first, shuffled: { keys: second } };
  return { queries: first, keys: second, shuffled: { queries: third!, keys: fourth! } };
}
