// The loop of main_lincls.py over features: epoch by epoch, batch by batch, and a validation after each epoch. Goes on
// from its own checkpoint where an interrupted run left one, also where that was in the middle of a validation.

import path from 'node:path';
import { createNoLog, METRICS_FILE, type MetricsLog } from '../runs/metrics-log.ts';
import { openTrackedLog } from '../tracking/track-metrics.ts';
import type { LinearProbe } from '../train/linear-probe.ts';
import { computeLr } from '../train/lr-schedule.ts';
import { type StepMeasure, StepMeter } from '../train/meter.ts';
import { BadImages } from './bad-images.ts';
import {
  type ClassifierFiles,
  createClassifierFiles,
  listClassifierFiles,
  resumeClassifier,
} from './classifier-files.ts';
import type { FeatureBatch, FeatureSource } from './feature-source.ts';
import { resumeMetrics } from './find-resume.ts';
import type { FrozenBackbone } from './frozen-backbone.ts';
import { clearFailedStep, shareStep } from './non-finite.ts';
import { type Measured, type RankTeam, refuseDifference } from './rank-team.ts';
import type { StageContext, StageOutcome } from './stage-context.ts';
import { TrainingPosition } from './training-position.ts';
import type { TrainingProgress } from './training-progress.ts';
import { writeConfusion } from './write-confusion.ts';

/** Steps between two lines of metrics. */
const STEPS_A_LINE = 10;

export interface Probing {
  readonly context: StageContext<'lincls'>;
  readonly team: RankTeam;
  readonly backbone: FrozenBackbone;
  readonly train: FeatureSource;
  readonly val: FeatureSource;
  readonly probe: LinearProbe;
  /** When the first feature was asked for. */
  readonly started: number;
}

/** Trains to the end, or until it is told to stop. Throws DATA_* and STAGE_* problems. */
export async function trainProbe(probing: Probing): Promise<StageOutcome> {
  const { context, team, backbone, probe, train } = probing;
  const { recipe } = context.config;
  const { epochs, checkpointing } = recipe;
  const progress = await begin(probing);
  const position = new TrainingPosition(train.batchesPerEpoch, startFrom(progress));
  const badImages = new BadImages({ policy: recipe.loader, warn: context.warn, known: progress?.badImages });
  badImages.note(train.bad);
  const log = team.keepsFiles ? openTrackedLog(path.join(context.folder, METRICS_FILE)) : createNoLog();
  try {
    const options = { probe, backbone, position, log, badImages, scores: progress?.scores };
    const files = team.keepsFiles ? createClassifierFiles(context, options) : createNoFiles(position);
    const place: EpochPlace = { log, position, files, badImages };
    const firstEpoch = position.epoch;
    while (position.epoch < epochs) {
      const { epoch } = position;
      const measure = (await trainEpoch(probing, place)) ? await validate(probing, place) : undefined;
      if (!measure) {
        if (position.isUnsaved) await files.saveInside();
        return { state: 'stopped' };
      }
      await refuseDifference(team, probe.replicated, `after epoch ${epoch + 1}`);
      if (epoch === firstEpoch) await backbone.refuseChange('after the first epoch');
      const isDue = (epoch + 1) % checkpointing.everyEpochs === 0 || epoch + 1 === epochs;
      await files.endEpoch({ measure, isDue });
      position.endEpoch();
    }
    await backbone.refuseChange('by the end');
    files.finish();
    await writeConfusion(context, { probe, val: probing.val, team });
    return finish(probing, place);
  } finally {
    log.close();
  }
}

/** Loads what an interrupted run left on rank 0, which keeps it, and gives it to all. */
async function begin({ context, team, probe, train }: Probing): Promise<TrainingProgress | undefined> {
  const { batchesPerEpoch } = train;
  const own = team.keepsFiles ? resumeClassifier(context, { probe, batchesPerEpoch }) : undefined;
  if (team.keepsFiles) {
    resumeMetrics(context, own?.metrics);
    clearFailedStep(context);
  }
  if (team.collectives.ranks === 1) return own;
  await probe.replicate();
  await refuseDifference(team, probe.replicated, 'at the start');
  return (await team.collectives.gatherValues(own ?? null))[0] ?? undefined;
}

function startFrom(progress: TrainingProgress | undefined) {
  if (!progress) return { epochs: 0 };
  // Stopped in a validation, an epoch has its batches but no score.
  return { epochs: 0, progress, isEpochOpen: progress.scores?.last.epoch !== progress.epoch };
}

/** What the ranks that keep no files do with them. */
function createNoFiles(position: TrainingPosition): ClassifierFiles {
  return {
    scores: undefined,
    endEpoch: async () => {},
    saveInside: async () => position.noteSaved(),
    finish: () => {},
  };
}

/** The outcome of the rank that keeps the files counts. */
function finish({ context, train, val, started }: Probing, { files, badImages }: EpochPlace): StageOutcome {
  const images = train.imagesComputed() + val.imagesComputed();
  const imagesPerSecond = (1000 * images) / (performance.now() - started);
  const { scores } = files;
  if (!scores) return { state: 'done', metrics: {}, outputs: [], images, imagesPerSecond };
  const { last, best } = scores;
  return {
    state: 'done',
    metrics: {
      top1: last.measure.acc1,
      top5: last.measure.acc5,
      bestTop1: best.measure.acc1,
      bestTop5: best.measure.acc5,
      bestEpoch: best.epoch + 1,
      loss: last.measure.loss,
    },
    outputs: [...listClassifierFiles(context), METRICS_FILE],
    images,
    imagesPerSecond,
    badImages: badImages.list,
  };
}

interface EpochPlace {
  readonly log: MetricsLog;
  readonly position: TrainingPosition;
  readonly files: ClassifierFiles;
  readonly badImages: BadImages;
}

/** The rest of an epoch, if there is any; false where it was told to stop. */
async function trainEpoch(
  probing: Probing,
  { log, position, files, badImages }: EpochPlace,
): Promise<boolean> {
  const { context, train, team } = probing;
  const { recipe, lastStep } = context.config;
  const { optimizer, epochs, schedule, batchSize, checkpointing } = recipe;
  const { epoch } = position;
  if (position.isAtEnd) return true;
  const lr = computeLr(optimizer.lr, { epoch, epochs, schedule });
  let waitingSince = performance.now();
  for await (const batch of train.readEpoch(epoch, position.batch)) {
    if (team.isStopping() || position.step === lastStep) return false;
    const { images } = batch;
    const { measure, bad = [] } = await trainBatch(probing, batch, { step: position.step, epoch, lr });
    badImages.note(bad);
    position.advance();
    const { step, meter } = position;
    meter.add(measure, images);
    const now = performance.now();
    const stepTimeMs = now - waitingSince;
    if (step % STEPS_A_LINE === 0) log.append({ step, epoch, split: 'train', ...measure, lr, stepTimeMs });
    context.report({
      phase: 'train',
      done: step * batchSize,
      total: epochs * train.batchesPerEpoch * batchSize,
      epoch: epoch + 1,
      epochs,
      meters: { ...meter.means, lr },
      imagesPerSecond: (1000 * images) / stepTimeMs,
    });
    if (position.isDue(checkpointing.everyMinutes)) await files.saveInside();
    waitingSince = performance.now();
  }
  const { loss, acc1, acc5 } = position.meter.means;
  const { step } = position;
  log.append({ step, epoch, split: 'train', epochLoss: loss, epochAcc1: acc1, epochAcc5: acc5, lr });
  return true;
}

/** `step`: how many are done. Returns what all ranks have measured. */
async function trainBatch(
  { context, team, probe }: Probing,
  { features, labels, images, indices, bad }: FeatureBatch,
  { step, epoch, lr }: { readonly step: number; readonly epoch: number; readonly lr: number },
): Promise<Measured> {
  const taken = { step, epoch, lr, indices, bad };
  let shared: Measured | undefined;
  await probe.trainStep(features, labels, {
    ...{ lr, images },
    onMeasure: async (own, examine) => {
      shared = await shareStep({ context, team }, taken, { own, examine });
    },
  });
  return shared!;
}

/** Measures the held-out images; undefined where it was told to stop. */
async function validate(
  { context, val, team, probe }: Probing,
  { log, position }: EpochPlace,
): Promise<StepMeasure | undefined> {
  const meter = new StepMeter();
  let [own, done] = [0, 0];
  for await (const { features, labels, images } of val.readEpoch(0)) {
    if (await team.agree()) return undefined;
    own += labels.length;
    done += images;
    if (labels.length > 0) meter.add(await probe.measure(features, labels), labels.length);
    context.report({ phase: 'validate', done, total: val.size, meters: {} });
  }
  // Each image once, however many ranks there are.
  const { measure: means } = await team.share({ measure: meter.means, images: own });
  const { step, epoch } = position;
  log.append({ step, epoch, split: 'val', ...means });
  return means;
}
