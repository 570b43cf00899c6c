// Linear classification on frozen features: the loop of main_lincls.py. The backbone stays in eval mode
// throughout, and is proven unchanged after the first epoch and at the end. Goes on from its own
// checkpoint where an interrupted run left one.

import path from 'node:path';
import { deriveSeed } from '../core/rng.ts';
import type { LoaderOptions } from '../data/loader.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { MetricsLog } from '../runs/metrics-log.ts';
import { openTrackedLog } from '../tracking/track-metrics.ts';
import { createLinearProbe, type LinearProbe } from '../train/linear-probe.ts';
import { computeLr } from '../train/lr-schedule.ts';
import { type StepMeasure, StepMeter } from '../train/meter.ts';
import {
  type ClassifierFiles,
  createClassifierFiles,
  listClassifierFiles,
  resumeClassifier,
} from './classifier-files.ts';
import { type FeatureSource, openFeatureSource } from './feature-source.ts';
import { resumeMetrics } from './find-resume.ts';
import { type FrozenBackbone, loadFrozenBackbone } from './frozen-backbone.ts';
import { chooseThreads } from './inputs.ts';
import { refuseNonFiniteLoss } from './refuse-non-finite.ts';
import type { RunStage, StageContext, StageOutcome } from './stage-context.ts';
import { METRICS_FILE } from './stage-files.ts';
import { TrainingPosition } from './training-position.ts';
import type { Scores } from './training-progress.ts';
import { writeConfusion } from './write-confusion.ts';

/** Steps between two lines of metrics. */
const STEPS_A_LINE = 10;

const LR_HINT = 'Lower optimizer.lr: 30 is for features of ImageNet pre-training at batch 256.';

/** Leaves both classifiers and METRICS_FILE. Throws DATA_*, MODEL_STATE_MISMATCH and STAGE_* problems. */
export const runLincls: RunStage<'lincls'> = async (context) => {
  const { recipe, trainedWith } = context.config;
  const engine = await createEngine(recipe.engine, { precision: recipe.precision, warn: context.warn });
  const backbone = loadFrozenBackbone(context, { engine, trainedWith, features: 'backbone' });
  const sources: FeatureSource[] = [];
  try {
    const started = performance.now();
    for (const options of [trainLoader(context), valLoader(context)]) {
      const source = await openFeatureSource({ context, backbone, loader: options });
      if (!source) return { state: 'stopped' };
      sources.push(source);
    }
    const [train, val] = sources as [FeatureSource, FeatureSource];
    const probe = createLinearProbe({
      engine,
      featureDim: backbone.featureDim,
      classes: train.classes.length,
      optimizer: recipe.optimizer,
      initStd: recipe.init.std,
      seed: seedOf(context),
    });
    const probing: Probing = { context, backbone, train, val, probe, started };
    const outcome = await trainProbe(probing);
    return outcome.state === 'done' ? { ...outcome, engine: engine.description } : outcome;
  } finally {
    for (const source of sources) await source.close();
  }
};

interface Probing {
  readonly context: StageContext<'lincls'>;
  readonly backbone: FrozenBackbone;
  readonly train: FeatureSource;
  readonly val: FeatureSource;
  readonly probe: LinearProbe;
  /** When the first feature was asked for. */
  readonly started: number;
}

/** An evaluation draws its own numbers, not those of the training before it. */
function seedOf({ stage }: StageContext<'lincls'>): number {
  return deriveSeed(stage.seed, stage.evaluation ?? stage.kind);
}

function trainLoader(context: StageContext<'lincls'>): LoaderOptions {
  const { recipe } = context.config;
  return {
    data: recipe.data,
    split: 'train',
    ops: recipe.augment,
    views: 1,
    batchSize: recipe.batchSize,
    shuffle: true,
    dropLast: false,
    seed: seedOf(context),
    threads: chooseThreads(recipe.loader, context.cores),
    prefetch: recipe.loader.prefetch,
  };
}

function valLoader(context: StageContext<'lincls'>): LoaderOptions {
  const { evalTransform } = context.config.recipe;
  return { ...trainLoader(context), split: 'val', ops: evalTransform, shuffle: false };
}

async function trainProbe(probing: Probing): Promise<StageOutcome> {
  const { context, backbone, probe, train } = probing;
  const { epochs, checkpointing } = context.config.recipe;
  const progress = resumeClassifier(context, { probe, batchesPerEpoch: train.batchesPerEpoch });
  const position = new TrainingPosition(train.batchesPerEpoch, progress ? { epochs: 0, progress } : NOTHING);
  resumeMetrics(context, progress?.metrics);
  const log = openTrackedLog(path.join(context.folder, METRICS_FILE));
  try {
    const files = createClassifierFiles(context, {
      probe,
      backbone,
      position,
      log,
      scores: progress?.scores,
    });
    const firstEpoch = position.epoch;
    while (position.epoch < epochs) {
      if (!(await trainEpoch(probing, { log, position, files }))) return { state: 'stopped' };
      const { epoch } = position;
      const measure = await validate(probing, log, epoch);
      if (epoch === firstEpoch) await backbone.refuseChange('after the first epoch');
      const isDue = (epoch + 1) % checkpointing.everyEpochs === 0 || epoch + 1 === epochs;
      await files.endEpoch({ measure, isDue });
      position.endEpoch();
    }
    await backbone.refuseChange('by the end');
    files.finish();
    await writeConfusion(context, { probe, val: probing.val });
    return finish(probing, files.scores!);
  } finally {
    log.close();
  }
}

const NOTHING = { epochs: 0 };

function finish({ context, train, val, started }: Probing, { last, best }: Scores): StageOutcome {
  const images = train.imagesComputed() + val.imagesComputed();
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
    imagesPerSecond: (1000 * images) / (performance.now() - started),
  };
}

interface EpochPlace {
  readonly log: MetricsLog;
  readonly position: TrainingPosition;
  readonly files: ClassifierFiles;
}

/** The rest of an epoch; false where it was told to stop. */
async function trainEpoch(probing: Probing, { log, position, files }: EpochPlace): Promise<boolean> {
  const { context, train, probe } = probing;
  const { optimizer, epochs, schedule, batchSize, checkpointing } = context.config.recipe;
  const { epoch } = position;
  const lr = computeLr(optimizer.lr, { epoch, epochs, schedule });
  let waitingSince = performance.now();
  for await (const { features, labels } of train.readEpoch(epoch, position.batch)) {
    if (context.stop.aborted) {
      if (position.isUnsaved) await files.saveInside();
      return false;
    }
    const measure = await probe.trainStep(features, labels, lr);
    position.advance();
    const { step, meter } = position;
    refuseNonFiniteLoss(measure.loss, { step, epoch, hint: LR_HINT });
    meter.add(measure, labels.length);
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
      imagesPerSecond: (1000 * labels.length) / stepTimeMs,
    });
    if (position.isDue(checkpointing.everyMinutes)) await files.saveInside();
    waitingSince = performance.now();
  }
  const { loss, acc1, acc5 } = position.meter.means;
  const { step } = position;
  log.append({ step, epoch, split: 'train', epochLoss: loss, epochAcc1: acc1, epochAcc5: acc5, lr });
  return true;
}

async function validate(
  { val, train, probe }: Probing,
  log: MetricsLog,
  epoch: number,
): Promise<StepMeasure> {
  const meter = new StepMeter();
  for await (const { features, labels } of val.readEpoch(0)) {
    meter.add(await probe.measure(features, labels), labels.length);
  }
  const { means } = meter;
  log.append({ step: (epoch + 1) * train.batchesPerEpoch, epoch, split: 'val', ...means });
  return means;
}
