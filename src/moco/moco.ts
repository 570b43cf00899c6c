// One training step of MoCo, readable beside algorithm 1 of the paper (arXiv:1911.05722) and the
// CIFAR demo of its authors (the symmetric loss). q, k, K, T and m are the paper's letters.

import type { MocoConfig, ModelConfig, OptimizerConfig } from '../config/schema/recipe.generated.ts';
import type { TensorMap } from '../core/host-tensor.ts';
import type { Collectives } from '../engine/collectives/collectives.ts';
import { computeMeanGradients } from '../engine/collectives/gradient-buckets.ts';
import { createSingleRank } from '../engine/collectives/single-rank.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createEncoder, type Encoder } from '../model/encoder.ts';
import type { StepExamination } from '../train/examine-step.ts';
import type { StepMeasure } from '../train/meter.ts';
import { createSgd } from '../train/sgd.ts';
import { type CapturedTraining, captureTraining } from './captured-training.ts';
import { examineStep } from './examine-step.ts';
import { contrast, normaliseRows } from './info-nce.ts';
import { createKeyQueue, type KeyQueue } from './key-queue.ts';
import { collectTensors, loadTensors, type MocoState, replicate } from './moco-tensors.ts';
import { encodeShuffled, gatherUnshuffled } from './shuffle-bn.ts';
import { computeDetail, readMeasure, type StepDetail } from './step-detail.ts';
import { type StepBatch, type StepInputs, type StepTensors, withStepInputs } from './step-tensors.ts';

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
  /** For a rank alone: throws where there are several. */
  captureStep(): CapturedTraining;
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
    captureStep: () =>
      captureTraining({
        ...{ engine, ranks: collectives.ranks },
        advance: (N) => advance(parts, N),
        takeStep: (inputs) => takeStep(parts, inputs),
      }),
    toTensors: () => collectTensors(parts),
    loadTensors: (tensors) => loadTensors(parts, tensors),
    replicate: () => replicate(parts, collectives),
    get replicated() {
      const parameters = [...queryEncoder.parameters, ...keyEncoder.parameters] as unknown as tf.Tensor[];
      return { 'the parameters': parameters, 'the queue': [queue.keys] };
    },
    dispose: () => {
      for (const part of [queryEncoder, keyEncoder, queue, sgd]) part.dispose();
    },
  };
}

interface Parts extends MocoState {
  readonly engine: Engine;
  readonly collectives: Collectives;
  readonly moco: MocoConfig;
}

async function trainStep(
  parts: Parts,
  batch: MocoBatch,
  { onDetail, onMeasure }: StepWatcher = {},
): Promise<StepMeasure> {
  const { collectives, moco, queryEncoder, queue } = parts;
  const N = batch.order.length;
  const columns = advance(parts, N);
  const step =
    collectives.ranks === 1
      ? withStepInputs(batch as StepBatch, columns, (inputs) => takeStep(parts, inputs))
      : await takeStepTogether(parts, batch, columns);
  const { gradients, queries, keys } = step;
  const [q, k, T] = [queries[0]!, keys[0]!, moco.temperature];
  // A rank alone waits for nothing before this line, so that an engine may still be computing.
  const measure = await readMeasure(step.loss, step.ranks[0]!);
  onDetail?.(await computeDetail(gradients, { q, k, T }));
  const enqueued = N * columns.length;
  await onMeasure?.(measure, () => examineStep({ queryEncoder, queue, enqueued, gradients, T, q, k }));
  tf.dispose([step.loss, ...step.ranks, ...gradients, ...queries, ...keys]);
  return measure;
}

/** What a step changes that is no tensor. Returns the columns of the queue where its keys go. */
function advance({ moco, queryEncoder, keyEncoder, queue }: Parts, N: number): number[] {
  const views = moco.symmetric ? 2 : 1;
  for (const encoder of [queryEncoder, keyEncoder]) encoder.countBatches(views);
  return queue.claim(N, views);
}

/** Algorithm 1 on a rank alone. Waits for nothing, so that an engine can record it. */
function takeStep(parts: Parts, inputs: StepInputs): StepTensors {
  const { engine, moco, queryEncoder, keyEncoder, queue, sgd } = parts;
  engine.ops.momentumUpdate(keyEncoder.parameters, queryEncoder.parameters, moco.keyMomentum);
  const keys = encodeKeys(parts, inputs); // No gradient to keys: they are computed before the tape starts.
  const { computeLoss, ...left } = contrastAll(parts, inputs, keys);
  const { loss, gradients } = engine.ops.computeGradients(computeLoss, queryEncoder.parameters);
  sgd.step(gradients, inputs.lr);
  const columns = [inputs.column, inputs.secondColumn];
  // Symmetric: first the keys of the first crops, as the demo.
  for (const [i, k] of keys.toReversed().entries()) queue.replace(columns[i]!, k);
  return { loss, gradients, keys, ...left };
}

/** The same on several ranks: each encodes its part of the keys and all have all, and gradients are means. */
async function takeStepTogether(
  parts: Parts,
  batch: MocoBatch,
  columns: readonly number[],
): Promise<StepTensors> {
  const { engine, collectives, moco, queryEncoder, keyEncoder, queue, sgd } = parts;
  engine.ops.momentumUpdate(keyEncoder.parameters, queryEncoder.parameters, moco.keyMomentum);
  const allKeys = await encodeKeysTogether(parts, batch); // [N, C]
  const keys = allKeys.map((all) => takeShare(all, collectives)); // [n, C]
  const { computeLoss, ...left } = contrastAll(parts, batch, keys);
  const ranks = { engine, collectives };
  const { loss, gradients } = await computeMeanGradients(ranks, computeLoss, queryEncoder.parameters);
  sgd.step(gradients, batch.lr);
  for (const [i, k] of allKeys.toReversed().entries()) queue.replace(columns[i]!, k);
  tf.dispose(allKeys);
  return { loss, gradients, keys, ...left };
}

/** The loss of one or both views' queries against their keys and the queue; and what it leaves once it is computed. */
function contrastAll(
  { engine, moco, queryEncoder, queue }: Parts,
  crops: Pick<MocoBatch, 'queries' | 'keys'>,
  keys: readonly tf.Tensor2D[],
) {
  const ranks: tf.Tensor1D[] = [];
  const queries: tf.Tensor2D[] = [];
  const images = moco.symmetric ? [crops.queries, crops.keys!] : [crops.queries];
  const computeLoss = () => {
    const losses = images.map((x, i) => {
      const q = normaliseRows(queryEncoder.encode(x, { training: true }));
      queries.push(tf.keep(tf.clone(q)));
      const { loss, rank } = contrast(engine, { q, k: keys[i]!, queue: queue.keys, T: moco.temperature });
      ranks.push(tf.keep(rank));
      return loss;
    });
    return losses.reduce((sum, next) => tf.add(sum, next));
  };
  return { computeLoss, ranks, queries };
}

/** Keys of the crops that queries have to find; for the symmetric loss also of the others. Each [N, C]. */
function encodeKeys({ moco, keyEncoder }: Parts, inputs: StepInputs): tf.Tensor2D[] {
  const encode = (x: tf.Tensor4D) => normaliseRows(keyEncoder.encode(x, { training: true }));
  const { queries, keys } = inputs;
  return (moco.symmetric ? [keys, queries] : [keys]).map((x) =>
    tf.tidy(() => (moco.shuffleBn ? encodeShuffled(x, inputs, encode) : encode(x))),
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
  return tf.slice(all, [rank * n, 0], [n, C]);
}
