// Linear classifiers on disk, as main_lincls.py saves and resumes them: the last as checkpoint.pth.tar,
// the one of the best top-1 as model_best.pth.tar, whole networks with their optimiser and `best_acc1`.

import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import { ProblemError } from '../core/problem.ts';
import { withTensors } from '../files/open-tensors.ts';
import { PyOrderedDict } from '../files/pickle/python-values.ts';
import { readStored, type StoredTensor, toStored } from '../files/stored-tensor.ts';
import { buildSgdState, readMomentumBuffers } from '../files/torch/sgd-state.ts';
import {
  applyRetention,
  isKept,
  listCheckpoints,
  nameCheckpoint,
  writeTorchFile,
} from '../runs/checkpoint.ts';
import type { LinearProbe } from '../train/linear-probe.ts';
import { computeLr } from '../train/lr-schedule.ts';
import type { FrozenBackbone } from './frozen-backbone.ts';
import type { StageContext } from './stage-context.ts';
import { BEST_CLASSIFIER_FILE, CLASSIFIER_FILE } from './stage-files.ts';

type Context = StageContext<'lincls'>;

const FC_NAMES = ['fc.weight', 'fc.bias'];

export interface EndedEpoch {
  /** 0-based. */
  readonly epoch: number;
  /** Top-1 on the held-out images, in percent. */
  readonly acc1: number;
  /** Whether a checkpoint is to be written. */
  readonly isDue: boolean;
}

export interface ClassifierFiles {
  endEpoch(ended: EndedEpoch): Promise<void>;
}

/** A classifier of one epoch, in memory. */
interface Classifier {
  readonly epoch: number;
  readonly bestAcc1: number;
  readonly fc: TensorMap;
  readonly velocities: TensorMap;
}

/** Writes what each epoch leaves. `best`: of the epochs before. */
export function createClassifierFiles(
  context: Context,
  {
    probe,
    backbone,
    best,
  }: {
    readonly probe: LinearProbe;
    readonly backbone: FrozenBackbone;
    readonly best: { readonly measure: { readonly acc1: number } } | undefined;
  },
): ClassifierFiles {
  const { keep } = context.config.recipe.checkpointing;
  const place = (name: string) => path.join(context.folder, name);
  let bestAcc1 = best?.measure.acc1 ?? Number.NEGATIVE_INFINITY;
  /** The best one, until it is on disk. */
  let unsaved: Classifier | undefined;
  return {
    endEpoch: async ({ epoch, acc1, isDue }) => {
      const isBest = acc1 > bestAcc1;
      bestAcc1 = Math.max(bestAcc1, acc1);
      if (!isBest && !isDue) return;
      const fc = await probe.toTensors();
      const current = { epoch, bestAcc1, fc, velocities: await probe.toVelocities() };
      if (isBest && keep !== 'last') unsaved = current;
      if (!isDue) return;
      // The best first: a run that ends between the two finds it again.
      if (unsaved) writeTorchFile(place(BEST_CLASSIFIER_FILE), buildContent(context, backbone, unsaved));
      unsaved = undefined;
      const content = buildContent(context, backbone, current);
      if (isKept(epoch, keep)) writeTorchFile(place(nameCheckpoint(epoch)), content);
      writeTorchFile(place(CLASSIFIER_FILE), content);
      removeOthers(context);
    },
  };
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
  { epoch, bestAcc1, fc, velocities }: Classifier,
): ReadonlyMap<string, unknown> {
  const { optimizer, epochs, schedule } = recipe;
  const all = [...backbone.tensors, ...fc].map(([name, tensor]): [string, StoredTensor] => [
    `module.${name}`,
    toStored(tensor),
  ]);
  const sgd = buildSgdState({
    momentumBuffers: FC_NAMES.map((name) => velocities.get(name)!),
    parameters: FC_NAMES.length,
    lr: computeLr(optimizer.lr, { epoch, epochs, schedule }),
    momentum: optimizer.momentum,
    weightDecay: optimizer.weightDecay,
  });
  return new Map<string, unknown>([
    ['epoch', BigInt(epoch + 1)],
    ['arch', model.arch],
    ['state_dict', new PyOrderedDict(all)],
    // A tensor, because main_lincls.py moves it to its GPU when it resumes.
    ['best_acc1', toStored({ dtype: 'float32', shape: [], values: Float32Array.of(bestAcc1) })],
    ['optimizer', sgd],
    [
      'mocolab',
      new Map([
        ['stem', model.stem],
        ['width', String(model.width)],
      ]),
    ],
  ]);
}

/** Loads the classifier that an interrupted run left. Returns the first epoch to train. Throws problems of the file and STAGE_CLASSIFIER_DAMAGED. */
export function resumeClassifier({ folder }: Context, probe: LinearProbe): number {
  const file = path.join(folder, CLASSIFIER_FILE);
  if (!existsSync(file)) return 0;
  return withTensors(file, ({ content, tensors }) => {
    const epoch = content instanceof Map ? content.get('epoch') : undefined;
    const buffers = content instanceof Map ? readMomentumBuffers(content.get('optimizer')) : undefined;
    const stored = FC_NAMES.map((name) => tensors.get(`module.${name}`));
    if (typeof epoch !== 'bigint' || !buffers || stored.some((tensor) => !tensor))
      throw new ProblemError(reportDamaged(file));
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
    return Number(epoch);
  });
}

function reportDamaged(file: string) {
  return {
    code: 'STAGE_CLASSIFIER_DAMAGED',
    message: `Expected epoch, module.fc.weight, module.fc.bias and the state of SGD in ${file} but not all are there.`,
    hint: 'The file was changed after it was written. Delete the folder of the stage to run it again.',
  };
}
