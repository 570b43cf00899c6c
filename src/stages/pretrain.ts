// Pre-training, epoch by epoch: the loop of main_moco.py. Leaves the last checkpoint and the
// metrics; goes on from its own checkpoint where an interrupted run left one.

import path from 'node:path';
import { checkQueueAgainstData } from '../config/check-recipe.ts';
import type { PretrainRecipe } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import { permutation, stream } from '../core/rng.ts';
import type { Batch, Loader } from '../data/batch.ts';
import { openLoader } from '../data/loader.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createMoco, type Moco, type MocoMeasure } from '../moco/moco.ts';
import {
  applyRetention,
  findLatestCheckpoint,
  listCheckpoints,
  nameCheckpoint,
  writeTorchFile,
} from '../runs/checkpoint.ts';
import { type MetricsLog, openMetricsLog, readMetricsLog, resumeMetricsLog } from '../runs/metrics-log.ts';
import { computeLr } from '../train/lr-schedule.ts';
import { type StepMeasure, StepMeter } from '../train/meter.ts';
import { toImageTensor } from './batch-tensor.ts';
import { chooseThreads } from './inputs.ts';
import { buildMocoCheckpoint, readMocoCheckpoint } from './moco-checkpoint.ts';
import { refuseNonFiniteLoss } from './refuse-non-finite.ts';
import type { RunStage, StageContext, StageOutcome } from './stage-context.ts';
import { METRICS_FILE } from './stage-files.ts';

/** Steps between two lines of metrics, as --print-freq of the original. */
const STEPS_A_LINE = 10;

const LR_HINT = 'Lower optimizer.lr: MoCo v1 uses 0.03 at batch 256 and scales it linearly with the batch.';

/** Leaves a checkpoint and METRICS_FILE. Throws DATA_*, CONFIG_QUEUE_* and STAGE_LOSS_NOT_FINITE. */
export const runPretrain: RunStage<'pretrain'> = async (context) => {
  const { recipe } = context.config;
  const loader = await openTrainLoader(context);
  try {
    refuseQueue(context, loader);
    const engine = await createEngine(recipe.engine, { precision: recipe.precision, warn: context.warn });
    const { model, moco: settings, optimizer } = recipe;
    const moco = createMoco({ engine, model, moco: settings, optimizer, seed: context.stage.seed });
    const firstEpoch = resume(context, moco);
    resumeMetricsLog(path.join(context.folder, METRICS_FILE), firstEpoch);
    const log = openMetricsLog(path.join(context.folder, METRICS_FILE));
    try {
      return await train({ context, recipe, engine, loader, moco, log }, firstEpoch);
    } finally {
      log.close();
    }
  } finally {
    await loader.close();
  }
};

interface Training {
  readonly context: StageContext<'pretrain'>;
  readonly recipe: PretrainRecipe;
  readonly engine: Engine;
  readonly loader: Loader;
  readonly moco: Moco;
  readonly log: MetricsLog;
}

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

/** Loads the checkpoint that an interrupted run left, or the one to go on from. Returns the first epoch to train. */
function resume({ folder, config: { recipe } }: StageContext<'pretrain'>, moco: Moco): number {
  const own = findLatestCheckpoint(folder)?.path;
  const file = own ?? recipe.resume;
  if (file === undefined) return 0;
  const { tensors, epochs } = readMocoCheckpoint(path.resolve(file), recipe);
  if (own === undefined && epochs >= recipe.epochs)
    throw new ProblemError(reportTooFar(file, epochs, recipe));
  moco.loadTensors(tensors);
  return epochs;
}

function reportTooFar(file: string, epochs: number, recipe: PretrainRecipe) {
  return {
    code: 'STAGE_CHECKPOINT_TOO_FAR',
    message: `Expected a checkpoint of fewer than ${recipe.epochs} epochs, as epochs says, but ${file} has had ${epochs}.`,
    hint: 'Raise epochs, or judge it as it is with method: pretrained and checkpoint.',
  };
}

async function train(training: Training, firstEpoch: number): Promise<StageOutcome> {
  const { recipe, context, engine, loader } = training;
  const started = performance.now();
  for (let epoch = firstEpoch; epoch < recipe.epochs; epoch++) {
    if (!(await trainEpoch(training, epoch))) return { state: 'stopped' };
    if ((epoch + 1) % recipe.checkpointing.everyEpochs === 0 || epoch + 1 === recipe.epochs)
      await saveCheckpoint(training, epoch);
    if (context.stop.aborted && epoch + 1 < recipe.epochs) return { state: 'stopped' };
  }
  const images = (recipe.epochs - firstEpoch) * loader.imagesPerEpoch;
  return {
    state: 'done',
    metrics: readLastMeans(path.join(context.folder, METRICS_FILE)),
    outputs: [...listCheckpoints(context.folder).map(({ path: file }) => path.basename(file)), METRICS_FILE],
    images,
    imagesPerSecond: images > 0 ? (1000 * images) / (performance.now() - started) : null,
    engine: engine.description,
  };
}

/** Means of the last epoch, which may be one of an earlier process. */
function readLastMeans(file: string): { readonly [name: string]: number } {
  const row = readMetricsLog(file).findLast(({ epochLoss }) => epochLoss !== undefined);
  return { loss: Number(row?.epochLoss), acc1: Number(row?.epochAcc1), acc5: Number(row?.epochAcc5) };
}

/** One epoch; false where it was told to stop. Nothing of a broken epoch is kept. */
async function trainEpoch(training: Training, epoch: number): Promise<boolean> {
  const { recipe, context, loader, log } = training;
  const lr = computeLr(recipe.optimizer.lr, { epoch, epochs: recipe.epochs, schedule: recipe.schedule });
  const meter = new StepMeter();
  const started = performance.now();
  let step = epoch * loader.batchesPerEpoch;
  let waitingSince = started;
  for await (const batch of loader.readEpoch(epoch)) {
    if (context.stop.aborted) return false;
    const dataTimeMs = performance.now() - waitingSince;
    const measure = await trainBatch(training, batch, { step, lr });
    const stepTimeMs = performance.now() - waitingSince - dataTimeMs;
    step++;
    refuseNonFiniteLoss(measure.loss, { step, epoch, hint: LR_HINT });
    meter.add(measure, batch.labels.length);
    const imagesPerSecond = (1000 * batch.labels.length) / (dataTimeMs + stepTimeMs);
    const times = { dataTimeMs, stepTimeMs, imagesPerSecond };
    if (step % STEPS_A_LINE === 0) log.append({ step, epoch, split: 'train', ...measure, lr, ...times });
    reportStep(training, { step, epoch, lr, means: meter.means, ...times });
    waitingSince = performance.now();
  }
  const { means } = meter;
  const timeMs = performance.now() - started;
  log.append({
    step,
    epoch,
    split: 'train',
    epochLoss: means.loss,
    epochAcc1: means.acc1,
    epochAcc5: means.acc5,
    lr,
    timeMs,
    imagesPerSecond: (1000 * loader.imagesPerEpoch) / timeMs,
  });
  return true;
}

async function trainBatch(
  { context, moco }: Training,
  batch: Batch,
  { step, lr }: { readonly step: number; readonly lr: number },
): Promise<MocoMeasure> {
  const [queries, keys] = [toImageTensor(batch, 0), toImageTensor(batch, 1)];
  const order = permutation(stream(context.stage.seed, 'shuffle-bn', step), batch.labels.length);
  const measure = await moco.trainStep({ queries, keys, order, lr });
  tf.dispose([queries, keys]);
  return measure;
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

function reportStep({ context, recipe, loader }: Training, report: StepReport): void {
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

async function saveCheckpoint({ context, recipe, moco }: Training, epoch: number): Promise<void> {
  const { epochs, optimizer, schedule, model, checkpointing } = recipe;
  const lr = computeLr(optimizer.lr, { epoch, epochs, schedule });
  const notes = { stem: model.stem, width: String(model.width), fingerprint: context.stage.fingerprint };
  const content = buildMocoCheckpoint(await moco.toTensors(), { epochs: epoch + 1, lr }, { recipe, notes });
  writeTorchFile(path.join(context.folder, nameCheckpoint(epoch)), content);
  applyRetention(context.folder, checkpointing.keep);
}
