// Recomputes a case of make_golden.py with our training step.

import type { TrainingCase } from '../config/schema/parity.generated.ts';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createMoco, type Moco } from '../moco/moco.ts';
import { listState } from '../model/parameter-list.ts';
import { computeLr } from '../train/lr-schedule.ts';
import { type Comparison, isWithin } from './comparison.ts';
import { disturb, fillState, makeImages, makePermutation, makeQueue } from './formulas.ts';
import { float32, normOf, typicalValue } from './host-tensors.ts';
import { pairStep, type StepNumbers } from './pair-steps.ts';
import { judge, measureNoise, type Pair, readNoise } from './tolerance.ts';

/**
 * Runs at most that measure what rounding can do, where the file alone does not explain a distance. Often one
 * ReLU decides, and half of all runs fall on each side: eight miss it once in 256 times.
 */
const MOST_PROBES = 8;
/** After so many, what is still this many times its tolerance off is no rounding, and not measured further. */
const TELLING_PROBES = 3;
const HOPELESS = 30;

/** Pairs every number of a case with ours. `onProgress` is told what is being computed. */
export async function runTrainingCase(
  engine: Engine,
  given: TrainingCase,
  onProgress: (message: string) => void = () => {},
): Promise<Comparison[]> {
  const ours = await computeSteps(engine, given, { onProgress });
  const pairs = ours.flatMap((numbers, step) => pairStep(step, numbers, given.steps[step]!));
  const shown = readNoise(given.steps);
  const disturbed: Pair[] = [];
  let judged = judge(pairs, [shown]);
  for (let probe = 1; probe <= MOST_PROBES && mayBeRounding(judged, probe - 1); probe++) {
    // Later steps than the last one outside have nothing to explain.
    const last = pairs.findLast((_, i) => !isWithin(judged[i]!))!.step;
    const again = await computeSteps(
      engine,
      { ...given, steps: given.steps.slice(0, last + 1) },
      {
        disturbance: probe,
        onProgress: (message) => onProgress(`how far rounding goes, run ${probe}, ${message}`),
      },
    );
    disturbed.push(...again.flatMap((numbers, step) => pairStep(step, ours[step]!, numbers)));
    judged = judge(pairs, [shown, measureNoise(disturbed)]);
  }
  return judged;
}

/** True where something is outside, and it is not yet plain that rounding can't explain it. */
function mayBeRounding(judged: readonly Comparison[], probes: number): boolean {
  const outside = judged.filter((each) => !isWithin(each));
  if (outside.length === 0) return false;
  return (
    probes < TELLING_PROBES ||
    outside.every(({ difference, tolerance }) => difference <= HOPELESS * tolerance)
  );
}

interface RunOptions {
  readonly onProgress: (message: string) => void;
  /** Which disturbance by one rounding; absent: none. */
  readonly disturbance?: number;
}

async function computeSteps(
  engine: Engine,
  { config, steps }: TrainingCase,
  { onProgress, disturbance }: RunOptions,
): Promise<StepNumbers[]> {
  const moco = createCaseMoco(engine, config, disturbance);
  const numbers: StepNumbers[] = [];
  for (const [step, { query_norms, key_norms, query_first_values }] of steps.entries()) {
    onProgress(`step ${step + 1} of ${steps.length}`);
    const measured = await runStep(moco, config, { step, disturbance });
    const watched = new Set([query_norms, key_norms, query_first_values].flatMap(Object.keys));
    numbers.push({ ...measured, ...(await readState(moco, [...watched])) });
  }
  moco.dispose();
  return numbers;
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
): Promise<Pick<StepNumbers, 'lr' | 'loss' | 'grad_norm'>> {
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
  const measure = await moco.trainStep({ queries, keys, order, lr }, { withGradientNorm: true });
  tf.dispose([queries, keys]);
  return { lr, loss: measure.loss, grad_norm: measure.gradientNorm! };
}

async function readState(
  moco: Moco,
  watched: readonly string[],
): Promise<Omit<StepNumbers, 'lr' | 'loss' | 'grad_norm'>> {
  const query = await moco.queryEncoder.toTensors();
  const key = await moco.keyEncoder.toTensors();
  const queue = (await moco.queue.toTensors()).get('queue')!;
  const each = <T>(tensors: TensorMap, read: (tensor: HostTensor) => T): { [name: string]: T } =>
    Object.fromEntries(watched.map((name) => [name, read(tensors.get(name)!)]));
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
