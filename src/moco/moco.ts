// One training step of MoCo, readable beside algorithm 1 of the paper (arXiv:1911.05722) and the
// CIFAR demo of its authors (the symmetric loss). q, k, K, T and m are the paper's letters.

import type { MocoConfig, ModelConfig, OptimizerConfig } from '../config/schema/recipe.generated.ts';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import type { Collectives } from '../engine/collectives/collectives.ts';
import { computeMeanGradients } from '../engine/collectives/gradient-buckets.ts';
import { createSingleRank } from '../engine/collectives/single-rank.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createEncoder, type Encoder } from '../model/encoder.ts';
import { computeAccuracyOfRanks } from '../train/accuracy.ts';
import type { StepExamination } from '../train/examine-step.ts';
import type { StepMeasure } from '../train/meter.ts';
import { createSgd, type Sgd } from '../train/sgd.ts';
import { examineStep } from './examine-step.ts';
import { contrast, normaliseRows } from './info-nce.ts';
import { createKeyQueue, type KeyQueue } from './key-queue.ts';
import { encodeShuffled, gatherUnshuffled } from './shuffle-bn.ts';

export interface MocoOptions {
  readonly engine: Engine;
  readonly model: ModelConfig;
  readonly moco: MocoConfig;
  readonly optimizer: OptimizerConfig;
  /** Seed of the start values and of the queue. */
  readonly seed: number;
  /** The ranks that train together, this one among them; absent: it trains alone. */
  readonly collectives?: Collectives;
}

/** Two crops of the same images, n of the batch's N on each rank, and what the step needs besides. */
export interface MocoBatch {
  /** [n, S, S, 3] */
  readonly queries: tf.Tensor4D;
  /** [n, S, S, 3]; with ShuffleBN over several ranks only for the symmetric loss. */
  readonly keys?: tf.Tensor4D;
  /** With ShuffleBN over several ranks: crops of the images `order[n * rank]` and on, which this rank encodes. */
  readonly shuffled?: ShuffledCrops;
  /** ShuffleBN's permutation of 0..N-1, the same on every rank. */
  readonly order: Int32Array;
  readonly lr: number;
}

export interface ShuffledCrops {
  /** First crops, only for the symmetric loss. [n, S, S, 3] */
  readonly queries?: tf.Tensor4D;
  /** Second crops. [n, S, S, 3] */
  readonly keys: tf.Tensor4D;
}

/** What a comparison with another program looks at. */
export interface StepDetail {
  /** Euclidean norm of all gradients together. */
  readonly gradientNorm: number;
  /** Per query of this rank, q.k / T for its own key. [n] */
  readonly positiveLogits: readonly number[];
}

/** Looks on while a step is made. */
export interface StepWatcher {
  /** Is told more than the measure, which takes time. */
  readonly onDetail?: (detail: StepDetail) => void;
  /** Is told the measure while the step's tensors are still there to be examined. */
  readonly onMeasure?: (measure: StepMeasure, examine: () => Promise<StepExamination>) => Promise<void>;
}

/** A method in training: its two encoders, its queue and its optimiser. */
export interface Moco {
  readonly queryEncoder: Encoder;
  readonly keyEncoder: Encoder;
  readonly queue: KeyQueue;
  /**
   * Trains on a batch. The whole step is given to the engine before this returns, so that the next may be
   * given before the measure of this one is awaited; the batch may be disposed once it has returned.
   *
   * @param watcher is told before the measure comes
   * @returns mean InfoNCE loss, and accuracy of the (K+1)-way classification in percent
   */
  trainStep(batch: MocoBatch, watcher?: StepWatcher): Promise<StepMeasure>;
  /** Everything that training goes on from: `module.encoder_q.*`, `module.encoder_k.*`, the queue, `optimizer.*`. */
  toTensors(): Promise<TensorMap>;
  loadTensors(tensors: TensorMap): void;
  /** Gives every rank the parameters, velocities and queue of rank 0. */
  replicate(): Promise<void>;
  /** What has the same bits on every rank after every step. */
  readonly replicated: { readonly [what: string]: readonly tf.Tensor[] };
  dispose(): void;
}

/** Creates the encoders (the key encoder starts as a copy), an empty-handed optimiser and a random queue. */
export function createMoco(options: MocoOptions): Moco {
  const { engine, model, moco, optimizer, seed, collectives = createSingleRank() } = options;
  const head = { dim: moco.dim, mlp: moco.mlp };
  const queryEncoder = createEncoder({ engine, model, head, seed });
  const keyEncoder = createEncoder({ engine, model, head, seed, copyOf: queryEncoder });
  const queue = createKeyQueue(engine, { C: moco.dim, K: moco.queueSize, seed });
  const sgd = createSgd(engine, queryEncoder.parameters, optimizer);
  const parts = { engine, collectives, moco, queryEncoder, keyEncoder, queue, sgd };
  return {
    queryEncoder,
    keyEncoder,
    queue,
    trainStep: (batch, watcher) => trainStep(parts, batch, watcher),
    toTensors: () => collectTensors(parts),
    loadTensors: (tensors) => loadTensors(parts, tensors),
    replicate: () => replicate(parts),
    get replicated() {
      const parameters = [...queryEncoder.parameters, ...keyEncoder.parameters] as unknown as tf.Tensor[];
      return { 'the parameters': parameters, 'the queue': [queue.keys] };
    },
    dispose: () => {
      for (const part of [queryEncoder, keyEncoder, queue, sgd]) part.dispose();
    },
  };
}

interface Parts {
  readonly engine: Engine;
  readonly collectives: Collectives;
  readonly moco: MocoConfig;
  readonly queryEncoder: Encoder;
  readonly keyEncoder: Encoder;
  readonly queue: KeyQueue;
  readonly sgd: Sgd;
}

async function trainStep(
  parts: Parts,
  batch: MocoBatch,
  { onDetail, onMeasure }: StepWatcher = {},
): Promise<StepMeasure> {
  const { engine, collectives, moco, queryEncoder, keyEncoder, queue, sgd } = parts;
  const images = moco.symmetric ? [batch.queries, batch.keys!] : [batch.queries];
  const encodeQueries = (x: tf.Tensor4D) => normaliseRows(queryEncoder.encode(x, { training: true }));

  engine.ops.momentumUpdate(keyEncoder.parameters, queryEncoder.parameters, moco.keyMomentum);
  // No gradient to keys: they are computed before the tape starts.
  const allKeys = collectives.ranks === 1 ? encodeKeys(parts, batch) : await encodeKeysTogether(parts, batch);
  const keys = allKeys.map((all) => takeShare(all, collectives)); // [n, C] of [N, C]
  const ranks: tf.Tensor1D[] = [];
  const watched: tf.Tensor2D[] = [];
  const computeLoss = () => {
    const losses = images.map((x, i) => {
      const q = encodeQueries(x);
      if (onDetail ?? onMeasure) watched.push(tf.keep(tf.clone(q)));
      const { loss, rank } = contrast(engine, { q, k: keys[i]!, queue: queue.keys, T: moco.temperature });
      ranks.push(tf.keep(rank));
      return loss;
    });
    return losses.reduce((sum, next) => tf.add(sum, next));
  };
  const { parameters } = queryEncoder;
  const { loss, gradients } =
    collectives.ranks === 1
      ? engine.ops.computeGradients(computeLoss, parameters)
      : await computeMeanGradients({ engine, collectives }, computeLoss, parameters);
  sgd.step(gradients, batch.lr);
  for (const k of allKeys.toReversed()) queue.enqueue(k); // symmetric: first the keys of the first crops, as the demo

  // A rank alone waits for nothing before this line, so that an engine may still be computing.
  const [[lossValue], rank] = await Promise.all([loss.data(), ranks[0]!.data()]);
  const [acc1, acc5] = computeAccuracyOfRanks(rank, [1, 5]);
  if (onDetail)
    onDetail({
      gradientNorm: await computeNorm(gradients),
      positiveLogits: await computePositives(watched[0]!, keys[0]!, moco.temperature),
    });
  const measure = { loss: lossValue!, acc1: acc1!, acc5: acc5! };
  const enqueued = allKeys.reduce((sum, { shape: [n] }) => sum + n, 0);
  await onMeasure?.(measure, () =>
    examineStep({
      ...{ queryEncoder, queue, enqueued, gradients, T: moco.temperature },
      ...{ q: watched[0]!, k: keys[0]! },
    }),
  );
  tf.dispose([loss, ...allKeys, ...keys, ...ranks, ...gradients, ...watched]);
  return measure;
}

/** Keys of the crops that queries have to find; for the symmetric loss also of the others. Each [N, C]. */
function encodeKeys({ moco, keyEncoder }: Parts, { queries, keys, order }: MocoBatch): tf.Tensor2D[] {
  const encode = (x: tf.Tensor4D) => normaliseRows(keyEncoder.encode(x, { training: true }));
  return (moco.symmetric ? [keys!, queries] : [keys!]).map((x) =>
    tf.tidy(() => (moco.shuffleBn ? encodeShuffled(x, order, encode) : encode(x))),
  );
}

/** The same of all ranks' crops: each encodes its part, and all have all. Each [N, C]. */
async function encodeKeysTogether(
  { moco, keyEncoder, collectives }: Parts,
  batch: MocoBatch,
): Promise<tf.Tensor2D[]> {
  const { queries, keys } = moco.shuffleBn ? batch.shuffled! : batch;
  const all: tf.Tensor2D[] = [];
  for (const x of moco.symmetric ? [keys!, queries!] : [keys!]) {
    const features = tf.tidy(() => normaliseRows(keyEncoder.encode(x, { training: true }))); // [n, C]
    all.push(await gatherUnshuffled(collectives, features, moco.shuffleBn ? batch.order : undefined));
    features.dispose();
  }
  return all;
}

/** This rank's rows. [N, C] -> [n, C] */
function takeShare(all: tf.Tensor2D, { rank, ranks }: Collectives): tf.Tensor2D {
  const [N, C] = all.shape;
  const n = N / ranks;
  return ranks === 1 ? tf.clone(all) : tf.slice(all, [rank * n, 0], [n, C]);
}

async function replicate({ collectives, queryEncoder, keyEncoder, queue, sgd }: Parts): Promise<void> {
  const variables = [...queryEncoder.parameters, ...keyEncoder.parameters, ...sgd.velocities, queue.variable];
  const sent = await collectives.broadcast(variables as unknown as tf.Tensor[]);
  for (const [i, variable] of variables.entries()) variable.assign(sent[i]!);
  tf.dispose(sent);
  queue.pointer = (await collectives.gatherValues(queue.pointer))[0]!;
}

async function computeNorm(tensors: readonly tf.Tensor[]): Promise<number> {
  let squared = 0;
  for (const tensor of tensors) for (const value of await tensor.data()) squared += value * value;
  return Math.sqrt(squared);
}

/** q.k / T, row by row. [N, C], [N, C] -> [N] */
async function computePositives(q: tf.Tensor2D, k: tf.Tensor2D, T: number): Promise<number[]> {
  const [n, c] = q.shape;
  const [queries, keys] = [await q.data(), await k.data()];
  return Array.from({ length: n }, (_, row) => {
    let product = 0;
    for (let i = row * c; i < (row + 1) * c; i++) product += queries[i]! * keys[i]!;
    return product / T;
  });
}

async function collectTensors({ queryEncoder, keyEncoder, queue, sgd }: Parts): Promise<TensorMap> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, tensor] of await queryEncoder.toTensors())
    tensors.set(`module.encoder_q.${name}`, tensor);
  for (const [name, tensor] of await keyEncoder.toTensors()) tensors.set(`module.encoder_k.${name}`, tensor);
  for (const [name, tensor] of await queue.toTensors()) tensors.set(`module.${name}`, tensor);
  for (const [i, velocity] of sgd.velocities.entries()) {
    const values = (await velocity.data()) as Float32Array;
    tensors.set(`optimizer.${queryEncoder.parameterNames[i]}`, {
      dtype: 'float32',
      shape: velocity.shape,
      values,
    });
  }
  return tensors;
}

function loadTensors({ queryEncoder, keyEncoder, queue, sgd }: Parts, tensors: TensorMap): void {
  queryEncoder.loadTensors(selectPrefix(tensors, 'module.encoder_q.'));
  keyEncoder.loadTensors(selectPrefix(tensors, 'module.encoder_k.'));
  queue.loadTensors(selectPrefix(tensors, 'module.'));
  for (const [i, velocity] of sgd.velocities.entries()) {
    const { values, shape } = tensors.get(`optimizer.${queryEncoder.parameterNames[i]}`)!;
    tf.tidy(() => velocity.assign(tf.tensor(values as Float32Array, [...shape])));
  }
}

function selectPrefix(tensors: TensorMap, prefix: string): TensorMap {
  const selected = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(selected.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
