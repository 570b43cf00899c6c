// A pre-training on disk, as main_moco.py saves and resumes it: `epoch`, `arch`, `state_dict` and
// `optimizer`, by its names and in its order. What we keep besides stands under `mocolab`.

import type { PretrainRecipe } from '../config/schema/recipe.generated.ts';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import { ProblemError } from '../core/problem.ts';
import { type TensorSource, withTensors } from '../files/open-tensors.ts';
import { PyOrderedDict } from '../files/pickle/python-values.ts';
import { readStored, toStored } from '../files/stored-tensor.ts';
import { buildSgdState, readMomentumBuffers } from '../files/torch/sgd-state.ts';
import { refuseMismatch } from '../model/encoder-state.ts';
import { listState, type StateEntry } from '../model/parameter-list.ts';
import { shapeFromTorch, valuesFromTorch, valuesToTorch } from '../model/torch-layout.ts';
import { countEpochs, readProgress, renderProgress, type TrainingProgress } from './training-progress.ts';

/** How the names of the momentum buffers begin in what `Moco.toTensors` gives. */
const VELOCITY_PREFIX = 'optimizer.';
const QUERY_PREFIX = 'module.encoder_q.';
const KEY_PREFIX = 'module.encoder_k.';
const QUEUE_NAMES = ['module.queue', 'module.queue_ptr'];

/**
 * What to save.
 *
 * @param tensors of `Moco.toTensors`
 * @param lr      of the last step
 */
export function buildMocoCheckpoint(
  tensors: TensorMap,
  progress: TrainingProgress,
  {
    recipe,
    lr,
    fingerprint,
  }: { readonly recipe: PretrainRecipe; readonly lr: number; readonly fingerprint: string },
): ReadonlyMap<string, unknown> {
  const { stem, width } = recipe.model;
  const { momentum, weightDecay } = recipe.optimizer;
  const trained = listTrained(recipe);
  const momentumBuffers = trained.map((entry) =>
    toTorchLayout(entry, tensors.get(VELOCITY_PREFIX + entry.name)!),
  );
  // Buffers of a module stand before its children, as in nn.Module.state_dict.
  const encoders = [...tensors.keys()].filter(
    (name) => name.startsWith(QUERY_PREFIX) || name.startsWith(KEY_PREFIX),
  );
  const stateDict = new PyOrderedDict(
    [...QUEUE_NAMES, ...encoders].map((name) => [name, toStored(tensors.get(name)!)]),
  );
  return new Map<string, unknown>([
    ['epoch', BigInt(countEpochs(progress))],
    ['arch', recipe.model.arch],
    ['state_dict', stateDict],
    // main_moco.py gives the optimiser the key encoder's parameters too, which it never trains.
    [
      'optimizer',
      buildSgdState({ momentumBuffers, parameters: 2 * trained.length, lr, momentum, weightDecay }),
    ],
    [
      'mocolab',
      new Map([
        ['stem', stem],
        ['width', String(width)],
        ['fingerprint', fingerprint],
        renderProgress(progress),
      ]),
    ],
  ]);
}

export interface MocoCheckpoint {
  /** For `Moco.loadTensors`. */
  readonly tensors: TensorMap;
  /** Whole epochs that are done. */
  readonly epochs: number;
  /** Absent where another program wrote it. */
  readonly progress?: TrainingProgress;
}

/** Reads one, ours or facebookresearch/moco's. Throws problems of the file, MODEL_STATE_MISMATCH and STAGE_CHECKPOINT_MISMATCH. */
export function readMocoCheckpoint(file: string, recipe: PretrainRecipe): MocoCheckpoint {
  return withTensors(file, (source) => {
    const tensors = new Map(
      [...source.tensors].map(([name, tensor]) => [withModule(name), readStored(tensor)]),
    );
    refuseOthers(tensors, recipe, file);
    for (const [name, velocity] of readVelocities(source, recipe)) tensors.set(name, velocity);
    const progress = readProgress(source.content);
    return { tensors, epochs: readEpochs(source), ...(progress ? { progress } : {}) };
  });
}

/** DistributedDataParallel puts `module.` before every name; without it there is none. */
function withModule(name: string): string {
  return name.startsWith('module.') ? name : `module.${name}`;
}

function listTrained({ model, moco }: PretrainRecipe): StateEntry[] {
  return listState(model, moco).filter(({ role }) => role === 'parameter');
}

function toTorchLayout({ kind, torchShape }: StateEntry, { values, shape }: HostTensor): HostTensor {
  return { dtype: 'float32', shape: torchShape, values: valuesToTorch(values as Float32Array, shape, kind) };
}

function readVelocities({ content, path }: TensorSource, recipe: PretrainRecipe): TensorMap {
  const buffers = readMomentumBuffers(content instanceof Map ? content.get('optimizer') : undefined);
  if (!buffers) throw mismatch(path, 'the state of torch.optim.SGD under optimizer', 'there is none');
  const trained = listTrained(recipe);
  return new Map(
    trained.map(({ name, kind, torchShape }, i) => {
      const stored = buffers.get(i);
      if (stored && (stored.dtype !== 'float32' || stored.shape.join() !== torchShape.join())) {
        const found = `${stored.dtype} [${stored.shape}]`;
        throw mismatch(
          path,
          `the momentum of ${name}, parameter ${i}, to be float32 [${torchShape}]`,
          `it is ${found}`,
        );
      }
      // A parameter that was never stepped has none: it starts from zero.
      const values = stored
        ? (readStored(stored).values as Float32Array)
        : new Float32Array(torchShape.reduce((a, b) => a * b, 1));
      const shape = shapeFromTorch(torchShape, kind);
      return [
        VELOCITY_PREFIX + name,
        { dtype: 'float32', shape, values: valuesFromTorch(values, torchShape, kind) },
      ];
    }),
  );
}

function readEpochs({ content, path }: TensorSource): number {
  const epoch = content instanceof Map ? content.get('epoch') : undefined;
  if (typeof epoch !== 'bigint' || epoch < 0n)
    throw mismatch(path, 'the number of epochs done under epoch', 'there is none');
  return Number(epoch);
}

/** Encoders and queue must be those of the recipe. */
function refuseOthers(tensors: TensorMap, recipe: PretrainRecipe, file: string): void {
  const { dim, queueSize } = recipe.moco;
  for (const prefix of [QUERY_PREFIX, KEY_PREFIX]) {
    const inside = [...tensors].filter(([name]) => name.startsWith(prefix));
    const bare = inside.map(([name, tensor]): [string, HostTensor] => [name.slice(prefix.length), tensor]);
    refuseMismatch(listState(recipe.model, recipe.moco), new Map(bare));
  }
  const [queue, pointer] = QUEUE_NAMES.map((name) => tensors.get(name));
  if (queue?.dtype !== 'float32' || queue.shape.join() !== `${dim},${queueSize}`) {
    const wanted = `module.queue to be float32 [${dim},${queueSize}], as moco.dim and moco.queueSize say,`;
    throw mismatch(file, wanted, queue ? `it is ${queue.dtype} [${queue.shape}]` : 'there is none');
  }
  const at = pointer?.values[0];
  if (pointer?.dtype !== 'int64' || pointer.shape.join() !== '1' || at! < 0n || at! >= BigInt(queueSize)) {
    const wanted = `module.queue_ptr to be int64 [1] below ${queueSize}`;
    throw mismatch(
      file,
      wanted,
      pointer ? `it is ${pointer.dtype} [${pointer.shape}] ${at}` : 'there is none',
    );
  }
}

function mismatch(file: string, wanted: string, fact: string): ProblemError {
  return new ProblemError({
    code: 'STAGE_CHECKPOINT_MISMATCH',
    message: `Expected ${wanted} in ${file} but ${fact}.`,
    hint: 'To go on needs a checkpoint of the same model, moco and optimizer settings. `moco inspect FILE` shows what it holds.',
  });
}
