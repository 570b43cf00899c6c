// Recomputes a case that make_golden.py wrote (one rank) with our training step.

import { readFileSync } from 'node:fs';
import type { ModelConfig } from '../../src/config/schema/recipe.generated.ts';
import type { HostTensor } from '../../src/core/host-tensor.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { createMoco } from '../../src/moco/moco.ts';
import { listState } from '../../src/model/parameter-list.ts';
import { computeLr } from '../../src/train/lr-schedule.ts';
import { fillState, makeImages, makePermutation, makeQueue } from './formulas.ts';

export interface TrainingCase {
  readonly config: {
    readonly arch: ModelConfig['arch'];
    readonly dim: number;
    readonly K: number;
    readonly m: number;
    readonly T: number;
    readonly mlp: boolean;
    readonly cos: boolean;
    readonly batch: number;
    readonly size: number;
    readonly lr: number;
    readonly wd: number;
    readonly steps: number;
    readonly ranks: number;
  };
  readonly steps: readonly TrainingStep[];
}

interface TrainingStep {
  readonly lr: number;
  readonly loss: number;
  readonly float32_loss: number;
  readonly grad_norm: number;
  readonly float32_grad_norm: number;
  readonly query_norms: { readonly [name: string]: number };
  readonly key_norms: { readonly [name: string]: number };
  readonly query_first_values: { readonly [name: string]: readonly number[] };
  readonly queue_ptr: number;
  readonly queue_head: readonly number[];
  readonly queue_norm: number;
}

/** One number, ours and theirs. */
export interface Comparison {
  readonly quantity: string;
  readonly ours: number;
  readonly theirs: number;
  readonly tolerance: number;
}

export function readTrainingCase(path: string | URL): TrainingCase {
  return JSON.parse(readFileSync(path, 'utf8')) as TrainingCase;
}

/** Runs the case's steps and pairs every number with the reference's. */
export async function runTrainingCase(
  engine: Engine,
  { config, steps }: TrainingCase,
): Promise<Comparison[]> {
  const model = { arch: config.arch, stem: 'imagenet', width: 64, bn: 'plain' } as const;
  const moco = createMoco({
    engine,
    model,
    moco: {
      dim: config.dim,
      queueSize: config.K,
      keyMomentum: config.m,
      temperature: config.T,
      mlp: config.mlp,
      symmetric: false,
      shuffleBn: true,
    },
    optimizer: { lr: config.lr, momentum: 0.9, weightDecay: config.wd },
    seed: 0,
  });
  const start = fillState(listState(model, { dim: config.dim, mlp: config.mlp }));
  moco.queryEncoder.loadTensors(start);
  moco.keyEncoder.loadTensors(start);
  moco.queue.loadTensors(
    new Map<string, HostTensor>([
      ['queue', { dtype: 'float32', shape: [config.dim, config.K], values: makeQueue(config.dim, config.K) }],
      ['queue_ptr', { dtype: 'int64', shape: [1], values: BigInt64Array.of(0n) }],
    ]),
  );
  const comparisons: Comparison[] = [];
  for (const [step, theirs] of steps.entries()) {
    const { batch: n, size } = config;
    const crop = (which: number) => tf.tensor4d(makeImages(which, { step, n, size }), [n, size, size, 3]);
    const [queries, keys] = [crop(1), crop(2)];
    const policy = config.cos ? ('cosine' as const) : ('constant' as const);
    const schedule = { policy, milestones: [], gamma: 1 };
    const lr = computeLr(config.lr, { epoch: step, epochs: config.steps, schedule });
    const order = makePermutation(n, step);
    const measure = await moco.trainStep({ queries, keys, order, lr }, { withGradientNorm: true });
    tf.dispose([queries, keys]);
    comparisons.push(...(await compareStep(`step ${step}`, moco, { lr, measure, theirs })));
  }
  moco.dispose();
  return comparisons;
}

/** Relative. Sums in another order than PyTorch's, over some steps. */
const DRIFT = 1e-4;
/** Relative. Where a pre-activation is within rounding of 0, the sign of its rounding decides a whole gradient. */
const RELU_FLIPS = 2e-3;

async function compareStep(
  at: string,
  moco: ReturnType<typeof createMoco>,
  {
    lr,
    measure,
    theirs,
  }: { lr: number; measure: { loss: number; gradientNorm?: number }; theirs: TrainingStep },
): Promise<Comparison[]> {
  // What PyTorch's float32 run shows at this step, relative, times 10, plus the drift of another order of sums.
  const relative = (exact: number, rounded: number) =>
    (10 * Math.abs(exact - rounded)) / Math.abs(exact) + DRIFT;
  const lossNoise = relative(theirs.loss, theirs.float32_loss);
  const ofGradient = relative(theirs.grad_norm, theirs.float32_grad_norm);
  const gradientNoise = ofGradient + RELU_FLIPS;
  const noise = Math.max(lossNoise, ofGradient);
  const pair = (
    quantity: string,
    ours: number,
    reference: number,
    share: number,
    scale = Math.abs(reference),
  ) => ({
    quantity: `${at} ${quantity}`,
    ours,
    theirs: reference,
    tolerance: share * scale,
  });
  const query = await moco.queryEncoder.toTensors();
  const key = await moco.keyEncoder.toTensors();
  const { queue } = Object.fromEntries(await moco.queue.toTensors()) as { queue: HostTensor };
  const K = queue.shape[1]!;
  const head = Array.from({ length: 16 }, (_, i) => Number(queue.values[Math.floor(i / 4) * K + (i % 4)]));
  return [
    pair('lr', lr, theirs.lr, 1e-12),
    pair('loss', measure.loss, theirs.loss, lossNoise),
    pair('gradient norm', measure.gradientNorm!, theirs.grad_norm, gradientNoise),
    ...Object.entries(theirs.query_norms).map(([name, norm]) =>
      pair(`query ${name} norm`, normOf(query.get(name)!), norm, noise),
    ),
    ...Object.entries(theirs.key_norms).map(([name, norm]) =>
      pair(`key ${name} norm`, normOf(key.get(name)!), norm, noise),
    ),
    ...Object.entries(theirs.query_first_values).flatMap(([name, values]) =>
      values.map((value, i) => {
        const tensor = query.get(name)!;
        const typical = normOf(tensor) / Math.sqrt(tensor.values.length);
        return pair(`query ${name}[${i}]`, Number(tensor.values[i]), value, noise, Math.abs(value) + typical);
      }),
    ),
    pair('queue pointer', moco.queue.pointer, theirs.queue_ptr, 0),
    ...theirs.queue_head.map((value, i) => pair(`queue head ${i}`, head[i]!, value, noise, 1)),
    pair('queue norm', normOf(queue), theirs.queue_norm, noise),
  ];
}

function normOf(tensor: HostTensor): number {
  let squared = 0;
  for (const value of tensor.values) squared += Number(value) ** 2;
  return Math.sqrt(squared);
}
