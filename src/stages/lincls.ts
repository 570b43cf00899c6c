// Linear classification on frozen features: the loop of main_lincls.py. The backbone stays in eval mode
// throughout, and is proven unchanged after the first epoch and at the end. Goes on from its own
// checkpoint where an interrupted run left one.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { deriveSeed } from '../core/rng.ts';
import type { LoaderOptions } from '../data/loader.ts';
import { createEngine } from '../engine/create-engine.ts';
import { type MetricsLog, openMetricsLog, readMetricsLog, resumeMetricsLog } from '../runs/metrics-log.ts';
import { createLinearProbe, type LinearProbe } from '../train/linear-probe.ts';
import { computeLr } from '../train/lr-schedule.ts';
import { type StepMeasure, StepMeter } from '../train/meter.ts';
import { createClassifierFiles, listClassifierFiles, resumeClassifier } from './classifier-files.ts';
import { type FeatureSource, openFeatureSource } from './feature-source.ts';
import { type FrozenBackbone, loadFrozenBackbone } from './frozen-backbone.ts';
import { chooseThreads } from './inputs.ts';
import { refuseNonFiniteLoss } from './refuse-non-finite.ts';
import type { RunStage, StageContext, StageOutcome } from './stage-context.ts';
import { METRICS_FILE } from './stage-files.ts';

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

/** What an epoch measured on the held-out images. */
interface Validated {
  /** 0-based. */
  readonly epoch: number;
  readonly measure: StepMeasure;
}

async function trainProbe(probing: Probing): Promise<StageOutcome> {
  const { context, backbone, probe } = probing;
  const { epochs, checkpointing } = context.config.recipe;
  const file = path.join(context.folder, METRICS_FILE);
  const firstEpoch = resumeClassifier(context, probe);
  resumeMetricsLog(file, firstEpoch);
  const validated = readValidated(file);
  const log = openMetricsLog(file);
  try {
    const saving = createClassifierFiles(context, { probe, backbone, best: findBest(validated) });
    for (let epoch = firstEpoch; epoch < epochs; epoch++) {
      if (!(await trainEpoch(probing, log, epoch))) return { state: 'stopped' };
      const measure = await validate(probing, log, epoch);
      validated.push({ epoch, measure });
      if (epoch === firstEpoch) await backbone.refuseChange('after the first epoch');
      const isDue = (epoch + 1) % checkpointing.everyEpochs === 0 || epoch + 1 === epochs;
      await saving.endEpoch({ epoch, acc1: measure.acc1, isDue });
    }
  } finally {
    log.close();
  }
  await backbone.refuseChange('by the end');
  return finish(probing, validated);
}

/** Earlier epochs' measures, which may be those of another process. */
function readValidated(file: string): Validated[] {
  if (!existsSync(file)) return [];
  return readMetricsLog(file)
    .filter(({ split }) => split === 'val')
    .map(({ epoch, loss, acc1, acc5 }) => ({
      epoch,
      measure: { loss: Number(loss), acc1: Number(acc1), acc5: Number(acc5) },
    }));
}

/** Of the highest top-1; the first of equals, as in main_lincls.py. */
function findBest(validated: readonly Validated[]): Validated | undefined {
  return validated.reduce<Validated | undefined>(
    (best, each) => (best && best.measure.acc1 >= each.measure.acc1 ? best : each),
    undefined,
  );
}

function finish({ context, train, val, started }: Probing, validated: readonly Validated[]): StageOutcome {
  const last = validated.at(-1)!;
  const best = findBest(validated)!;
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

/** False where it was told to stop. */
async function trainEpoch(probing: Probing, log: MetricsLog, epoch: number): Promise<boolean> {
  const { context, train, probe } = probing;
  const { optimizer, epochs, schedule } = context.config.recipe;
  const lr = computeLr(optimizer.lr, { epoch, epochs, schedule });
  const meter = new StepMeter();
  let step = epoch * train.batchesPerEpoch;
  let waitingSince = performance.now();
  for await (const { features, labels } of train.readEpoch(epoch)) {
    if (context.stop.aborted) return false;
    const measure = await probe.trainStep(features, labels, lr);
    step++;
    refuseNonFiniteLoss(measure.loss, { step, epoch, hint: LR_HINT });
    meter.add(measure, labels.length);
    const now = performance.now();
    const stepTimeMs = now - waitingSince;
    waitingSince = now;
    if (step % STEPS_A_LINE === 0) log.append({ step, epoch, split: 'train', ...measure, lr, stepTimeMs });
    context.report({
      phase: 'train',
      done: step * context.config.recipe.batchSize,
      total: epochs * train.batchesPerEpoch * context.config.recipe.batchSize,
      epoch: epoch + 1,
      epochs,
      meters: { ...meter.means, lr },
      imagesPerSecond: (1000 * labels.length) / stepTimeMs,
    });
  }
  const { loss, acc1, acc5 } = meter.means;
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
