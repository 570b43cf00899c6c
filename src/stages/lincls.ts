// Linear classification on frozen features: the loop of main_lincls.py. The backbone stays in eval mode
// throughout, and is proven unchanged after the first epoch and at the end. Goes on from its own
// checkpoint where an interrupted run left one.

import path from 'node:path';
import { deriveSeed } from '../core/rng.ts';
import type { LoaderOptions } from '../data/loader.ts';
import { createEngine } from '../engine/create-engine.ts';
import { createNoLog, type MetricsLog } from '../runs/metrics-log.ts';
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
import { joinTeam, type RankTeam, refuseDifference } from './rank-team.ts';
import { refuseNonFiniteLoss } from './refuse-non-finite.ts';
import type { RunStage, StageContext, StageOutcome } from './stage-context.ts';
import { METRICS_FILE } from './stage-files.ts';
import { TrainingPosition } from './training-position.ts';
import type { Scores, TrainingProgress } from './training-progress.ts';
import { writeConfusion } from './write-confusion.ts';

/** Steps between two lines of metrics. */
const STEPS_A_LINE = 10;

const LR_HINT = 'Lower optimizer.lr: 30 is for features of ImageNet pre-training at batch 256.';

/** Leaves both classifiers and METRICS_FILE. Throws DATA_*, MODEL_STATE_MISMATCH and STAGE_* problems. */
export const runLincls: RunStage<'lincls'> = async (context) => {
  const { recipe, trainedWith } = context.config;
  const engine = await createEngine(recipe.engine, { precision: recipe.precision, warn: context.warn });
  const backbone = loadFrozenBackbone(context, { engine, trainedWith, features: 'backbone' });
  const team = await joinTeam(context, { engine, facts: { featureDim: backbone.featureDim } });
  const sources: FeatureSource[] = [];
  try {
    const started = performance.now();
    for (const loader of [trainLoader(context), valLoader(context)]) {
      const source = await openSource(context, { backbone, loader, team });
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
      collectives: team.collectives,
    });
    const probing: Probing = { context, team, backbone, train, val, probe, started };
    const outcome = await trainProbe(probing);
    return outcome.state === 'done' ? { ...outcome, engine: engine.description } : outcome;
  } finally {
    for (const source of sources) await source.close();
    await team.close();
  }
};

/** Several ranks have their features before they agree whether to stop: none leaves the others waiting. */
async function openSource(
  { report, stop }: StageContext<'lincls'>,
  {
    backbone,
    loader,
    team,
  }: { readonly backbone: FrozenBackbone; readonly loader: LoaderOptions; readonly team: RankTeam },
): Promise<FeatureSource | undefined> {
  const { collectives } = team;
  const context = { report, stop: collectives.ranks === 1 ? stop : NEVER };
  const source = await openFeatureSource({ context, backbone, loader, collectives });
  await team.agree();
  if (collectives.ranks === 1 || !team.isStopping()) return source;
  await source?.close();
  return undefined;
}

const NEVER = new AbortController().signal;

interface Probing {
  readonly context: StageContext<'lincls'>;
  readonly team: RankTeam;
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
    ...(context.rank ? { share: context.rank.rendezvous } : {}),
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
  const { context, team, backbone, probe, train } = probing;
  const { epochs, checkpointing } = context.config.recipe;
  const progress = await begin(probing);
  const position = new TrainingPosition(train.batchesPerEpoch, progress ? { epochs: 0, progress } : NOTHING);
  const log = team.keepsFiles ? openTrackedLog(path.join(context.folder, METRICS_FILE)) : createNoLog();
  try {
    const options = { probe, backbone, position, log, scores: progress?.scores };
    const files = team.keepsFiles ? createClassifierFiles(context, options) : createNoFiles(position);
    const firstEpoch = position.epoch;
    while (position.epoch < epochs) {
      if (!(await trainEpoch(probing, { log, position, files }))) return { state: 'stopped' };
      const { epoch } = position;
      const measure = await validate(probing, log, epoch);
      await refuseDifference(team, probe.replicated, `after epoch ${epoch + 1}`);
      if (epoch === firstEpoch) await backbone.refuseChange('after the first epoch');
      const isDue = (epoch + 1) % checkpointing.everyEpochs === 0 || epoch + 1 === epochs;
      await files.endEpoch({ measure, isDue });
      position.endEpoch();
    }
    await backbone.refuseChange('by the end');
    files.finish();
    await writeConfusion(context, { probe, val: probing.val, team });
    return finish(probing, files.scores);
  } finally {
    log.close();
  }
}

/** Loads what an interrupted run left on rank 0, which keeps it, and gives it to all. */
async function begin({ context, team, probe, train }: Probing): Promise<TrainingProgress | undefined> {
  const { batchesPerEpoch } = train;
  const own = team.keepsFiles ? resumeClassifier(context, { probe, batchesPerEpoch }) : undefined;
  if (team.keepsFiles) resumeMetrics(context, own?.metrics);
  if (team.collectives.ranks === 1) return own;
  await probe.replicate();
  await refuseDifference(team, probe.replicated, 'at the start');
  return (await team.collectives.gatherValues(own ?? null))[0] ?? undefined;
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

const NOTHING = { epochs: 0 };

/** `scores`: of the rank that keeps the files, whose outcome counts. */
function finish({ context, train, val, started }: Probing, scores: Scores | undefined): StageOutcome {
  const images = train.imagesComputed() + val.imagesComputed();
  const imagesPerSecond = (1000 * images) / (performance.now() - started);
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
  };
}

interface EpochPlace {
  readonly log: MetricsLog;
  readonly position: TrainingPosition;
  readonly files: ClassifierFiles;
}

/** The rest of an epoch; false where it was told to stop. */
async function trainEpoch(probing: Probing, { log, position, files }: EpochPlace): Promise<boolean> {
  const { context, train, probe, team } = probing;
  const { optimizer, epochs, schedule, batchSize, checkpointing } = context.config.recipe;
  const { epoch } = position;
  const lr = computeLr(optimizer.lr, { epoch, epochs, schedule });
  let waitingSince = performance.now();
  for await (const { features, labels, images } of train.readEpoch(epoch, position.batch)) {
    if (team.isStopping()) {
      if (position.isUnsaved) await files.saveInside();
      return false;
    }
    const own = await probe.trainStep(features, labels, { lr, images });
    const { measure } = await team.share({ measure: own, images: labels.length });
    position.advance();
    const { step, meter } = position;
    refuseNonFiniteLoss(measure.loss, { step, epoch, hint: LR_HINT });
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

async function validate(
  { context, val, train, probe, team }: Probing,
  log: MetricsLog,
  epoch: number,
): Promise<StepMeasure> {
  const meter = new StepMeter();
  let [own, done] = [0, 0];
  for await (const { features, labels, images } of val.readEpoch(0)) {
    own += labels.length;
    done += images;
    if (labels.length > 0) meter.add(await probe.measure(features, labels), labels.length);
    context.report({ phase: 'validate', done, total: val.size, meters: {} });
  }
  // Each image once, however many ranks there are.
  const { measure: means } = await team.share({ measure: meter.means, images: own });
  log.append({ step: (epoch + 1) * train.batchesPerEpoch, epoch, split: 'val', ...means });
  return means;
}
