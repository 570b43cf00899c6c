// Recomputes a case of make_golden.py with our training step.

import type { TrainingCase } from '../config/schema/parity.generated.ts';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createMoco, type Moco, type StepDetail } from '../moco/moco.ts';
import type { Encoder } from '../model/encoder.ts';
import { listState } from '../model/parameter-list.ts';
import { computeLr } from '../train/lr-schedule.ts';
import { type Comparison, isWithin } from './comparison.ts';
import { disturb, fillState, makeImages, makePermutation, makeQueue } from './formulas.ts';
import { float32, normOf, typicalValue } from './host-tensors.ts';
import { measureJumps, type WatchedStep } from './measure-jumps.ts';
import { pairStep, type StepNumbers } from './pair-steps.ts';
import { judge, readNoise } from './tolerance.ts';
import { type WatchedEngine, watchDecisions } from './watch-decisions.ts';

/** A case's numbers beside ours, and what has to be said of them. */
export interface TrainingOutcome {
  readonly comparisons: Comparison[];
  readonly notes: readonly string[];
}

/** Pairs every number of a case with ours. `onProgress` is told what is being computed. */
export async function runTrainingCase(
  engine: Engine,
  given: TrainingCase,
  onProgress: (message: string) => void = () => {},
): Promise<TrainingOutcome> {
  const numbers = await computeSteps(engine, given, { onProgress });
  const pairs = numbers.flatMap((each, step) => pairStep(step, each, given.steps[step]!));
  const judged = judge(pairs, readNoise(given.steps));
  if (judged.every(isWithin)) return { comparisons: judged, notes: [] };
  return measureJumps(pairs, judged, {
    watched: watchDecisions(engine),
    run: (watched, last, disturbance) =>
      computeSteps(
        watched.engine,
        { ...given, steps: given.steps.slice(0, last + 1) },
        {
          onProgress: (message) => onProgress(`does a ReLU turn, run ${disturbance ?? 0}, ${message}`),
          watched,
          disturbance,
        },
      ),
  });
}

interface RunOptions {
  readonly onProgress: (message: string) => void;
  /** Whose decisions are written down. */
  readonly watched?: WatchedEngine;
  /** Which disturbance by one rounding; absent: none. */
  readonly disturbance?: number | undefined;
}

async function computeSteps(
  engine: Engine,
  { config, steps }: TrainingCase,
  { onProgress, watched, disturbance }: RunOptions,
): Promise<WatchedStep[]> {
  const moco = createCaseMoco(engine, config, disturbance);
  watched?.watchHidden([moco.queryEncoder, moco.keyEncoder].flatMap(findHidden));
  const numbers: WatchedStep[] = [];
  for (const [step, { query_norms, key_norms, query_first_values }] of steps.entries()) {
    onProgress(`step ${step + 1} of ${steps.length}`);
    const measured = await runStep(moco, config, { step, disturbance });
    const names = new Set([query_norms, key_norms, query_first_values].flatMap(Object.keys));
    const state = await readState(moco, [...names]);
    numbers.push({ ...measured, ...state, decisions: watched?.take() ?? [] });
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
  disturbance: number | undefined,
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
  const moco = createMoco({ engine, model, moco: method, optimizer, seed: 0 });
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
  { step, disturbance }: { readonly step: number; readonly disturbance: number | undefined },
): Promise<Omit<StepNumbers, keyof EncoderState>> {
  const { batch: n, size } = config;
  const crop = (which: number) => {
    const values = makeImages(which, { step, n, size });
    if (disturbance !== undefined) disturb(values, disturbance);
    return tf.tensor4d(values, [n, size, size, 3]);
  };
  const [queries, keys] = [crop(1), crop(2)];
  const policy = config.cos ? ('cosine' as const) : ('constant' as const);
  const schedule = { policy, milestones: [], gamma: 1 };
  const lr = computeLr(config.lr, { epoch: step, epochs: config.steps, schedule });
  const order = makePermutation(n, step);
  let detail: StepDetail | undefined;
  const { loss } = await moco.trainStep({ queries, keys, order, lr }, (found) => {
    detail = found;
  });
  tf.dispose([queries, keys]);
  return {
    lr,
    loss,
    loss_per_rank: [loss],
    grad_norm: detail!.gradientNorm,
    positive_logits: [...detail!.positiveLogits],
    largest_logit: 1 / config.T,
  };
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
