// Linear classifiers on disk, as main_lincls.py saves and resumes them: the last as checkpoint.pth.tar,
// the one of the best top-1 as model_best.pth.tar, whole networks with their optimiser and `best_acc1`.

import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import { ProblemError } from '../core/problem.ts';
import { withTensors } from '../files/open-tensors.ts';
import { PyOrderedDict } from '../files/pickle/python-values.ts';
import { checkSeal } from '../files/seal.ts';
import { readStored, type StoredTensor, toStored } from '../files/stored-tensor.ts';
import { buildSgdState, readMomentumBuffers } from '../files/torch/sgd-state.ts';
import {
  applyRetention,
  isKept,
  listCheckpoints,
  listStepCheckpoints,
  nameCheckpoint,
  nameStepCheckpoint,
  removeStepCheckpoints,
  writeTorchFile,
} from '../runs/checkpoint.ts';
import type { MetricsLog } from '../runs/metrics-log.ts';
import { placeExclusively } from '../runs/place-exclusively.ts';
import type { LinearProbe } from '../train/linear-probe.ts';
import { computeLr } from '../train/lr-schedule.ts';
import type { StepMeasure } from '../train/meter.ts';
import type { BadImages } from './bad-images.ts';
import { findSound } from './find-resume.ts';
import type { FrozenBackbone } from './frozen-backbone.ts';
import { refuseNonFiniteTensors } from './non-finite.ts';
import type { StageContext } from './stage-context.ts';
import { BEST_CLASSIFIER_FILE, CLASSIFIER_FILE } from './stage-files.ts';
import type { TrainingPosition } from './training-position.ts';
import {
  countEpochs,
  countSteps,
  readProgress,
  refuseNoProgress,
  refuseOtherData,
  renderProgress,
  type Scores,
  type TrainingProgress,
} from './training-progress.ts';

type Context = StageContext<'lincls'>;

const FC_NAMES = ['fc.weight', 'fc.bias'];

export interface EndedEpoch {
  /** Of the held-out images. */
  readonly measure: StepMeasure;
  /** Whether a checkpoint is to be written. */
  readonly isDue: boolean;
}

export interface ClassifierFiles {
  /** Undefined before the first epoch's end. */
  readonly scores: Scores | undefined;
  /** Notes what an epoch measured, and writes what it leaves. */
  endEpoch(ended: EndedEpoch): Promise<void>;
  /** Writes a checkpoint in the middle of an epoch. */
  saveInside(): Promise<void>;
  /** Removes what only an unfinished training needs. */
  finish(): void;
}

/** A classifier of one moment, in memory. */
interface Classifier {
  readonly progress: TrainingProgress;
  readonly fc: TensorMap;
  readonly velocities: TensorMap;
}

export interface ClassifierFilesOptions {
  readonly probe: LinearProbe;
  readonly backbone: FrozenBackbone;
  readonly position: TrainingPosition;
  readonly log: MetricsLog;
  readonly badImages: BadImages;
  /** Of the epochs before. */
  readonly scores: Scores | undefined;
}

/** Writes the files of a training, as it goes. */
export function createClassifierFiles(context: Context, options: ClassifierFilesOptions): ClassifierFiles {
  const { probe, backbone, position, log, badImages } = options;
  const { recipe } = context.config;
  const { keep } = recipe.checkpointing;
  const place = (name: string) => path.join(context.folder, name);
  const build = (classifier: Classifier) => buildContent(context, backbone, classifier);
  let { scores } = options;
  /** The best one, until it is on disk. */
  let unsaved: Classifier | undefined;
  const capture = async (): Promise<Classifier> => {
    const [fc, velocities] = [await probe.toTensors(), await probe.toVelocities()];
    const lr = computeLr(recipe.optimizer.lr, { ...recipe, epoch: position.epoch });
    refuseNonFiniteTensors(context, [...fc, ...velocities], { step: position.step, lr });
    const progress = {
      ...position.describe(),
      metrics: log.mark(position.step),
      warnings: [],
      ...badImages.describe(),
    };
    return { progress: scores ? { ...progress, scores } : progress, fc, velocities };
  };
  const saveBest = () => {
    if (unsaved) writeTorchFile(place(BEST_CLASSIFIER_FILE), build(unsaved));
    unsaved = undefined;
  };
  return {
    get scores() {
      return scores;
    },
    endEpoch: async ({ measure, isDue }) => {
      const last = { epoch: position.epoch, measure };
      const isBest = !scores || measure.acc1 > scores.best.measure.acc1;
      scores = { last, best: isBest ? last : scores!.best };
      if (!isBest && !isDue) return;
      const current = await capture();
      if (isBest && keep !== 'last') unsaved = current;
      if (!isDue) return;
      // The best first: a run that ends between the two finds it again.
      saveBest();
      const content = build(current);
      if (isKept(position.epoch, keep)) writeTorchFile(place(nameCheckpoint(position.epoch)), content);
      keepLast(context.folder);
      writeTorchFile(place(CLASSIFIER_FILE), content);
      position.noteSaved();
      dropOlder(context.folder, 1);
      removeOthers(context);
    },
    saveInside: async () => {
      // A training that goes on from here does not see that epoch again.
      saveBest();
      writeTorchFile(place(nameStepCheckpoint(position.step)), build(await capture()));
      position.noteSaved();
      dropOlder(context.folder, existsSync(place(CLASSIFIER_FILE)) ? 1 : 2);
    },
    finish: () => removeStepCheckpoints(context.folder),
  };
}

/** Gives the last classifier a second name, so that it is still there when a newer one has taken its place. */
function keepLast(folder: string): void {
  const file = path.join(folder, CLASSIFIER_FILE);
  const progress = existsSync(file) && checkSeal(file) === 'sound' ? readProgressOf(file) : undefined;
  if (progress) placeExclusively(file, path.join(folder, nameStepCheckpoint(countSteps(progress))));
}

function dropOlder(folder: string, kept: number): void {
  for (const { path: file } of listStepCheckpoints(folder).slice(0, -kept)) rmSync(file, { force: true });
}

function readProgressOf(file: string): TrainingProgress | undefined {
  return withTensors(file, ({ content }) => readProgress(content));
}

/** What an earlier run with another `keep` left, and this one does not want. */
function removeOthers({ folder, config }: Context): void {
  const { keep } = config.recipe.checkpointing;
  applyRetention(folder, keep);
  if (keep === 'last') rmSync(path.join(folder, BEST_CLASSIFIER_FILE), { force: true });
}

/** Names of the files that are there. */
export function listClassifierFiles({ folder }: Context): string[] {
  const named = [CLASSIFIER_FILE, BEST_CLASSIFIER_FILE].filter((name) => existsSync(path.join(folder, name)));
  return [...named, ...listCheckpoints(folder).map(({ path: file }) => path.basename(file))];
}

function buildContent(
  { config: { recipe, model } }: Context,
  backbone: FrozenBackbone,
  { progress, fc, velocities }: Classifier,
): ReadonlyMap<string, unknown> {
  const { optimizer, epochs, schedule } = recipe;
  const all = [...backbone.tensors, ...fc].map(([name, tensor]): [string, StoredTensor] => [
    `module.${name}`,
    toStored(tensor),
  ]);
  const sgd = buildSgdState({
    momentumBuffers: FC_NAMES.map((name) => velocities.get(name)!),
    parameters: FC_NAMES.length,
    lr: computeLr(optimizer.lr, { epoch: progress.epoch, epochs, schedule }),
    momentum: optimizer.momentum,
    weightDecay: optimizer.weightDecay,
  });
  return new Map<string, unknown>([
    ['epoch', BigInt(countEpochs(progress))],
    ['arch', model.arch],
    ['state_dict', new PyOrderedDict(all)],
    // A tensor, because main_lincls.py moves it to its GPU when it resumes.
    [
      'best_acc1',
      toStored({
        dtype: 'float32',
        shape: [],
        values: Float32Array.of(progress.scores?.best.measure.acc1 ?? 0),
      }),
    ],
    ['optimizer', sgd],
    ['mocolab', new Map([['stem', model.stem], ['width', String(model.width)], renderProgress(progress)])],
  ]);
}

/**
 * Loads the newest sound classifier that an interrupted run left, and says where its training stood; undefined
 * where there is none. Throws problems of the file, STAGE_CLASSIFIER_DAMAGED, STAGE_PROGRESS_MISSING and
 * STAGE_DATA_CHANGED.
 */
export function resumeClassifier(
  context: Context,
  { probe, batchesPerEpoch }: { readonly probe: LinearProbe; readonly batchesPerEpoch: number },
): TrainingProgress | undefined {
  const last = path.join(context.folder, CLASSIFIER_FILE);
  const inside = listStepCheckpoints(context.folder).reverse();
  const left = [...(existsSync(last) ? [last] : []), ...inside.map(({ path: file }) => file)];
  const file = findSound(sortByStep(left), context);
  if (file === undefined) return undefined;
  const progress = readProgressOf(file);
  refuseNoProgress(progress, file);
  refuseOtherData(progress, { now: batchesPerEpoch, file });
  loadClassifier(file, probe);
  return progress;
}

/** Newest first. What cannot be read stands before all others, so that it is told. */
function sortByStep(files: readonly string[]): string[] {
  const place = (file: string) => {
    const progress = checkSeal(file) === 'sound' ? readProgressOf(file) : undefined;
    return progress ? countSteps(progress) : Number.MAX_SAFE_INTEGER;
  };
  return files
    .map((file) => ({ file, step: place(file) }))
    .sort((a, b) => b.step - a.step)
    .map(({ file }) => file);
}

function loadClassifier(file: string, probe: LinearProbe): void {
  withTensors(file, ({ content, tensors }) => {
    const buffers = content instanceof Map ? readMomentumBuffers(content.get('optimizer')) : undefined;
    const stored = FC_NAMES.map((name) => tensors.get(`module.${name}`));
    if (!buffers || stored.some((tensor) => !tensor)) throw new ProblemError(reportDamaged(file));
    const fc = FC_NAMES.map((name, i): [string, HostTensor] => [name, readStored(stored[i]!)]);
    const velocities = fc.map(([name, { shape }], i): [string, HostTensor] => {
      const buffer = buffers.get(i);
      const length = shape.reduce((product, size) => product * size, 1);
      return [
        name,
        buffer ? readStored(buffer) : { dtype: 'float32', shape, values: new Float32Array(length) },
      ];
    });
    probe.loadTensors(new Map(fc), new Map(velocities));
  });
}

function reportDamaged(file: string) {
  return {
    code: 'STAGE_CLASSIFIER_DAMAGED',
    message: `Expected module.fc.weight, module.fc.bias and the state of SGD in ${file} but not all are there.`,
    hint: 'The file was changed after it was written. Delete the folder of the stage to run it again.',
  };
}
