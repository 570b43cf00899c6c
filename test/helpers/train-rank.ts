// A rank that trains a small MoCo for some steps on images that a formula makes, and prints what came of it.
// Argument: TrainPart as JSON.

import { createHash } from 'node:crypto';
import { ProblemError } from '../../src/core/problem.ts';
import { permutation, stream } from '../../src/core/rng.ts';
import type { Collectives } from '../../src/engine/collectives/collectives.ts';
import { createCollectives } from '../../src/engine/collectives/create-collectives.ts';
import type { Rendezvous } from '../../src/engine/collectives/rendezvous/rendezvous.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { BatchNormTrainingOptions, ConcreteEngineName, Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { createMoco, type MocoBatch } from '../../src/moco/moco.ts';
import { refuseDifference } from '../../src/stages/rank-team.ts';

export interface TrainPart {
  /** Absent: it trains alone. */
  readonly rendezvous?: Rendezvous;
  readonly engine: ConcreteEngineName;
  readonly steps: number;
  /** BatchNorm uses its running statistics, which never move: the same for any number of ranks. */
  readonly frozen?: boolean;
  /** Images of the keys travel, as in the paper's code; else each rank makes those that it encodes. */
  readonly gathers?: boolean;
  /** The rank whose queue gets one other bit after the last step. */
  readonly flips?: number;
  readonly only?: 'tcp';
}

export interface TrainReport {
  readonly transport?: string;
  /** Of this rank, by step. */
  readonly losses?: readonly number[];
  /** Of all parameters and the queue. */
  readonly hash?: string;
  readonly error?: { readonly code?: string; readonly message: string; readonly hint?: string };
}

const BATCH = 32;
const SIZE = 16;
const SEED = 7;

const part = JSON.parse(process.argv[2]!) as TrainPart;
const report = await train().catch((error: unknown): TrainReport => ({ error: describe(error) }));
process.stdout.write(`${JSON.stringify(report)}\n`);

async function train(): Promise<TrainReport> {
  const loaded = await createEngine(part.engine);
  const engine = part.frozen ? freezeStatistics(loaded) : loaded;
  const collectives = await createCollectives({
    engine,
    ...(part.rendezvous ? { rendezvous: part.rendezvous } : {}),
    ...(part.only ? { only: part.only } : {}),
    version: '1.0.0',
    config: {},
    timeoutMs: 60_000,
  });
  try {
    return await trainTogether(engine, collectives);
  } finally {
    await collectives.close();
  }
}

async function trainTogether(engine: Engine, collectives: Collectives): Promise<TrainReport> {
  const model = { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'plain' } as const;
  const method = { dim: 16, queueSize: 64, keyMomentum: 0.99, temperature: 0.2 };
  const flags = { mlp: true, symmetric: false, shuffleBn: true };
  const optimizer = { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 };
  const moco = createMoco({
    engine,
    collectives,
    model,
    moco: { ...method, ...flags },
    optimizer,
    seed: SEED,
  });
  const losses: number[] = [];
  for (let step = 0; step < part.steps; step++) {
    const crops = await makeCrops(collectives, step);
    const { loss } = await moco.trainStep({ ...crops, lr: optimizer.lr });
    losses.push(loss);
  }
  if (part.flips === collectives.rank) flipBit(moco.queue.variable);
  await refuseDifference({ collectives }, moco.replicated, 'after epoch 1');
  const hash = createHash('sha256');
  for (const tensor of Object.values(moco.replicated).flat())
    hash.update(new Uint8Array((await tensor.data()).buffer));
  return { transport: collectives.transport, losses, hash: hash.digest('hex') };
}

/** This rank's crops of a step's batch. */
async function makeCrops(collectives: Collectives, step: number): Promise<Omit<MocoBatch, 'lr'>> {
  const { rank, ranks } = collectives;
  const n = BATCH / ranks;
  const order = permutation(stream(SEED, 'order', step), BATCH);
  const own = Array.from({ length: n }, (_, i) => rank * n + i);
  const queries = makeImages(step, 0, own);
  if (ranks === 1) return { queries, keys: makeImages(step, 1, own), order };
  const mine = order.slice(rank * n, (rank + 1) * n);
  if (!part.gathers) return { queries, shuffled: { keys: makeImages(step, 1, mine) }, order };
  const all = (await collectives.allGather(makeImages(step, 1, own))) as tf.Tensor4D;
  return { queries, shuffled: { keys: tf.gather(all, tf.tensor1d(mine, 'int32')) }, order };
}

function makeImages(step: number, view: number, images: ArrayLike<number>): tf.Tensor4D {
  const each = SIZE * SIZE * 3;
  const values = new Float32Array(images.length * each);
  for (let i = 0; i < images.length; i++) {
    const pixels = stream(SEED, 'image', step, view, images[i]!);
    for (let at = 0; at < each; at++) values[i * each + at] = pixels.normal();
  }
  return tf.tensor4d(values, [images.length, SIZE, SIZE, 3]);
}

/** The same engine, whose BatchNorm in training is that of inference, differentiable. */
function freezeStatistics(engine: Engine): Engine {
  const batchNormTraining = (x: tf.Tensor4D, options: BatchNormTrainingOptions) => {
    const { scale, offset, epsilon, residual, relu, running } = options;
    const [mean, variance] = [running!.mean, running!.variance] as unknown as [tf.Tensor1D, tf.Tensor1D];
    const normal = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
    const scaled = tf.add(tf.mul(normal, scale), offset);
    const sum = residual ? tf.add(scaled, residual) : scaled;
    const [none] = [tf.zeros([1, x.shape[3]]) as tf.Tensor2D];
    return { y: (relu ? tf.relu(sum) : sum) as tf.Tensor4D, mean: none, variance: none };
  };
  return { ...engine, ops: { ...engine.ops, batchNormTraining } };
}

function flipBit(variable: tf.Variable): void {
  const values = Float32Array.from(variable.dataSync());
  new Int32Array(values.buffer)[5]! ^= 1;
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}

function describe(error: unknown): NonNullable<TrainReport['error']> {
  if (!(error instanceof ProblemError))
    return { message: error instanceof Error ? error.stack! : String(error) };
  const { code, message, hint } = error.problems[0]!;
  return { code, message, ...(hint ? { hint } : {}) };
}
