// The loop of main_moco.py: epoch by epoch, batch by batch. Writes a checkpoint after epochs, and in the
// middle of one when it is time or when it is told to stop, from which it goes on to the same bits.

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { PretrainRecipe } from '../config/schema/recipe.generated.ts';
import { permutation, stream } from '../core/rng.ts';
import type { Batch, Loader } from '../data/batch.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { measureFeatureStd } from '../moco/feature-std.ts';
import type { Moco, MocoBatch } from '../moco/moco.ts';
import {
  applyRetention,
  dropSuperseded,
  listCheckpoints,
  nameCheckpoint,
  nameStepCheckpoint,
  removeStepCheckpoints,
  writeTorchFile,
} from '../runs/checkpoint.ts';
import { METRICS_FILE, type MetricsLog, type MetricsRow, readMetricsLog } from '../runs/metrics-log.ts';
import { computeLr } from '../train/lr-schedule.ts';
import type { StepMeasure } from '../train/meter.ts';
import type { LoggedStep } from '../train/warnings/contrast-task.ts';
import { TrainingWatch } from '../train/warnings/watch-training.ts';
import type { BadImages } from './bad-images.ts';
import { toImageTensor } from './batch-tensor.ts';
import { buildMocoCheckpoint } from './moco-checkpoint.ts';
import { isMonitored, monitorKnn } from './monitor-knn.ts';
import { refuseNonFiniteTensors, shareStep } from './non-finite.ts';
import { describeTeam, type Measured, type RankTeam, refuseDifference } from './rank-team.ts';
import type { StageContext, StageOutcome } from './stage-context.ts';
import { TrainingPosition, type TrainingStart } from './training-position.ts';

/** Steps between two lines of metrics, as --print-freq of the original. */
const STEPS_A_LINE = 10;

export interface MocoTraining {
  readonly context: StageContext<'pretrain'>;
  readonly recipe: PretrainRecipe;
  readonly engine: Engine;
  readonly loader: Loader;
  readonly moco: Moco;
  readonly log: MetricsLog;
  readonly team: RankTeam;
  readonly badImages: BadImages;
}

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

/** What is to be looked at: nothing on ranks that keep no files. */
function createWatch({ context, recipe, team }: MocoTraining, { progress }: TrainingStart): TrainingWatch {
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
async function logStep(
  { moco, recipe, log }: MocoTraining,
  watch: TrainingWatch,
  row: MetricsRow & StepMeasure,
): Promise<void> {
  const featureStd = await measureFeatureStd(moco.queue, recipe.batchSize);
  log.append({ ...row, featureStd });
  watch.noteLine({ step: row.step, loss: row.loss, acc1: row.acc1, featureStd });
}

function computeRate({ optimizer, epochs, schedule }: PretrainRecipe, epoch: number): number {
  return computeLr(optimizer.lr, { epoch, epochs, schedule });
}

function logEpoch({ log, loader }: MocoTraining, position: TrainingPosition, lr: number): void {
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

interface StepReport {
  readonly step: number;
  readonly epoch: number;
  readonly lr: number;
  readonly means: StepMeasure;
  readonly dataTimeMs: number;
  readonly stepTimeMs: number;
  readonly imagesPerSecond: number;
}

function reportStep({ context, recipe, loader }: MocoTraining, report: StepReport): void {
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

interface Saving {
  readonly position: TrainingPosition;
  readonly watch: TrainingWatch;
  /** The epoch's batches are done, but not what is measured after them. */
  readonly isOpen?: boolean;
}

async function saveCheckpoint(
  { context, recipe, moco, log, team, badImages }: MocoTraining,
  { position, watch, isOpen = false }: Saving,
  name: string,
): Promise<void> {
  if (!team.keepsFiles) return position.noteSaved();
  const { folder, stage } = context;
  const lr = computeRate(recipe, position.epoch);
  const tensors = await moco.toTensors();
  refuseNonFiniteTensors(context, tensors, { step: position.step, lr });
  const progress = {
    ...position.describe(),
    ...(isOpen ? { isEpochOpen: true as const } : {}),
    metrics: log.mark(position.step),
    warnings: watch.given,
    ...badImages.describe(),
  };
  const content = buildMocoCheckpoint(tensors, progress, { recipe, lr, fingerprint: stage.fingerprint });
  writeTorchFile(path.join(folder, name), content);
  position.noteSaved();
  const { keep } = recipe.checkpointing;
  dropSuperseded(folder, { keep, stepsPerEpoch: position.batchesPerEpoch });
}
