// Recomputes a case of make_golden.py with our training step.

import type { TrainingCase } from '../config/schema/parity.generated.ts';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import type { Collectives } from '../engine/collectives/collectives.ts';
import type { Rendezvous } from '../engine/collectives/rendezvous/rendezvous.ts';
import { createSingleRank } from '../engine/collectives/single-rank.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createMoco, type Moco } from '../moco/moco.ts';
import type { StepDetail } from '../moco/step-detail.ts';
import type { Encoder } from '../model/encoder.ts';
import { listState } from '../model/parameter-list.ts';
import { computeLr } from '../train/lr-schedule.ts';
import { type Comparison, isWithin } from './comparison.ts';
import { disturb, fillState, makeImages, makePermutation, makeQueue } from './formulas.ts';
import { float32, normOf, typicalValue } from './host-tensors.ts';
import { measureJumps, type WatchedStep } from './measure-jumps.ts';
import { pairStep, type StepNumbers } from './pair-steps.ts';
import { cutCase, follow, lead } from './run-ranks.ts';
import { judge, readNoise } from './tolerance.ts';
import { gatherDecisions, type WatchedEngine, watchDecisions } from './watch-decisions.ts';

/** A case's numbers beside ours, and what has to be said of them. */
export interface TrainingOutcome {
  readonly comparisons: Comparison[];
  readonly notes: readonly string[];
}

/** Pairs every number of a case with ours, as rank 0 of `collectives`. `onProgress` is told what is being computed. */
export async function runTrainingCase(
  engine: Engine,
  given: TrainingCase,
  { onProgress = () => {}, collectives = createSingleRank() }: Surroundings = {},
): Promise<TrainingOutcome> {
  const steps = given.steps.length;
  await lead(collectives, { steps, disturbance: null, watches: false });
  const numbers = await computeSteps(engine, given, { onProgress, collectives });
  const pairs = numbers.flatMap((each, step) => pairStep(step, each, given.steps[step]!));
  const judged = judge(pairs, readNoise(given.steps));
  if (judged.every(isWithin)) return { comparisons: judged, notes: [] };
  return measureJumps(pairs, judged, {
    watched: watchDecisions(engine),
    run: async (watched, last, disturbance) => {
      const order = { steps: last + 1, disturbance: disturbance ?? null, watches: true };
      await lead(collectives, order);
      return computeSteps(watched.engine, cutCase(given, order), {
        onProgress: (message) => onProgress(`does a ReLU turn, run ${disturbance ?? 0}, ${message}`),
        collectives,
        watched,
        disturbance,
      });
    },
  });
}

export interface Surroundings {
  readonly onProgress?: (message: string) => void;
  /** Absent: one rank. */
  readonly collectives?: Collectives;
}

/** Any other rank than 0 of a case. */
export function followTrainingCase(
  engine: Engine,
  given: TrainingCase,
  rendezvous: Rendezvous,
): Promise<void> {
  return follow(engine, rendezvous, (collectives, order) => {
    const watched = order.watches ? watchDecisions(engine) : undefined;
    const { disturbance } = order;
    return computeSteps(watched?.engine ?? engine, cutCase(given, order), {
      onProgress: () => {},
      collectives,
      ...(watched ? { watched } : {}),
      ...(disturbance === null ? {} : { disturbance }),
    });
  });
}

interface RunOptions {
  readonly onProgress: (message: string) => void;
  readonly collectives: Collectives;
  /** Whose decisions are written down. */
  readonly watched?: WatchedEngine;
  /** Which disturbance by one rounding; absent: none. */
  readonly disturbance?: number | undefined;
}

async function computeSteps(
  engine: Engine,
  { config, steps }: TrainingCase,
  { onProgress, collectives, watched, disturbance }: RunOptions,
): Promise<WatchedStep[]> {
  const moco = createCaseMoco(engine, config, { collectives, disturbance });
  watched?.watchHidden([moco.queryEncoder, moco.keyEncoder].flatMap(findHidden));
  const numbers: WatchedStep[] = [];
  for (const [step, { query_norms, key_norms, query_first_values }] of steps.entries()) {
    onProgress(`step ${step + 1} of ${steps.length}`);
    const measured = await runStep(moco, config, { step, collectives, disturbance });
    const names = new Set([query_norms, key_norms, query_first_values].flatMap(Object.keys));
    const state = await readState(moco, [...names]);
    const decisions = await gatherDecisions(collectives, watched?.take() ?? []);
    numbers.push({ ...measured, ...state, decisions });
  }
  moco.dispose();
  return numbers;
}

/** The weight before the ReLU of a projection head of two layers. */
function findHidden({ parameters, parameterNames }: Encoder): tf.Variable[] {
  return parameters.filter((_, i) => parameterNames[i] === 'fc.0.weight');
}

function createCaseMoco(
  engine: Engine,
  { arch, dim, K, m, T, mlp, lr, wd }: TrainingCase['config'],
  { collectives, disturbance }: Pick<RunOptions, 'collectives' | 'disturbance'>,
): Moco {
  const model = { arch, stem: 'imagenet', width: 64, bn: 'plain' } as const;
  const method = {
    dim,
    queueSize: K,
    keyMomentum: m,
    temperature: T,
    mlp,
    symmetric: false,
    shuffleBn: true,
  };
  const optimizer = { lr, momentum: 0.9, weightDecay: wd };
  const moco = createMoco({ engine, model, moco: method, optimizer, seed: 0, collectives });
  const start = disturbState(fillState(listState(model, { dim, mlp })), disturbance);
  moco.queryEncoder.loadTensors(start);
  moco.keyEncoder.loadTensors(start);
  const pointer: HostTensor = { dtype: 'int64', shape: [1], values: BigInt64Array.of(0n) };
  moco.queue.loadTensors(
    new Map([
      ['queue', float32([dim, K], makeQueue(dim, K))],
      ['queue_ptr', pointer],
    ]),
  );
  return moco;
}

function disturbState(state: TensorMap, disturbance: number | undefined): TensorMap {
  if (disturbance === undefined) return state;
  for (const { dtype, values } of state.values()) if (dtype === 'float32') disturb(values, disturbance);
  return state;
}

async function runStep(
  moco: Moco,
  config: TrainingCase['config'],
  {
    step,
    collectives,
    disturbance,
  }: Pick<RunOptions, 'collectives' | 'disturbance'> & { readonly step: number },
): Promise<Omit<StepNumbers, keyof EncoderState>> {
  const { batch, size } = config;
  const { rank, ranks } = collectives;
  const n = batch / ranks;
  const order = makePermutation(batch, step);
  const crop = (which: number, images: Int32Array) => {
    const values = makeImages(which, { step, n: batch, size });
    if (disturbance !== undefined) disturb(values, disturbance);
    return tf.tensor4d(pickImages(values, images, size), [n, size, size, 3]);
  };
  const own = Int32Array.from({ length: n }, (_, i) => rank * n + i);
  // Several ranks load the shuffled keys that they encode; one shuffles them itself.
  const [queries, keys] = [crop(1, own), crop(2, ranks === 1 ? own : order.slice(rank * n, (rank + 1) * n))];
  const policy = config.cos ? ('cosine' as const) : ('constant' as const);
  const schedule = { policy, milestones: [], gamma: 1 };
  const lr = computeLr(config.lr, { epoch: step, epochs: config.steps, schedule });
  let detail: StepDetail | undefined;
  const crops = ranks === 1 ? { queries, keys } : { queries, shuffled: { keys } };
  const onDetail = (found: StepDetail) => {
    detail = found;
  };
  const measure = await moco.trainStep({ ...crops, order, lr }, { onDetail });
  tf.dispose([queries, keys]);
  const { gradientNorm, positiveLogits } = detail!;
  const all = await collectives.gatherValues({ loss: measure.loss, positiveLogits });
  const losses = all.map(({ loss }) => loss ?? Number.NaN); // NaN travels as null.
  return {
    lr,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / ranks,
    loss_per_rank: losses,
    grad_norm: gradientNorm,
    positive_logits: all.flatMap((each) => each.positiveLogits.map((logit) => logit ?? Number.NaN)),
    largest_logit: 1 / config.T,
  };
}

/** Rows of [N, S, S, 3]. */
function pickImages(values: Float32Array, images: Int32Array, size: number): Float32Array {
  const length = size * size * 3;
  const picked = new Float32Array(images.length * length);
  images.forEach((image, i) => {
    picked.set(values.subarray(image * length, (image + 1) * length), i * length);
  });
  return picked;
}

/** What the encoders and the queue hold after a step. */
type EncoderState = Pick<
  StepNumbers,
  | 'query_norms'
  | 'key_norms'
  | 'query_first_values'
  | 'query_typical'
  | 'queue_ptr'
  | 'queue_head'
  | 'queue_norm'
>;

async function readState(moco: Moco, names: readonly string[]): Promise<EncoderState> {
  const query = await moco.queryEncoder.toTensors();
  const key = await moco.keyEncoder.toTensors();
  const queue = (await moco.queue.toTensors()).get('queue')!;
  const each = <T>(tensors: TensorMap, read: (tensor: HostTensor) => T): { [name: string]: T } =>
    Object.fromEntries(names.map((name) => [name, read(tensors.get(name)!)]));
  return {
    query_norms: each(query, normOf),
    key_norms: each(key, normOf),
    query_first_values: each(query, ({ values }) => Array.from(values.subarray(0, 4), Number)),
    query_typical: each(query, typicalValue),
    queue_ptr: moco.queue.pointer,
    queue_head: readCorner(queue),
    queue_norm: normOf(queue),
  };
}

/** queue[:4, :4], row by row. */
function readCorner({ shape, values }: HostTensor): number[] {
  const [rows, columns] = shape as [number, number];
  const width = Math.min(4, columns);
  return Array.from({ length: Math.min(4, rows) * width }, (_, i) =>
    Number(values[Math.floor(i / width) * columns + (i % width)]),
  );
}
