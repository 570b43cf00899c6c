// Looks at a step of MoCo that gave no finite loss. Slow and exact: it runs once, before a training ends.

import type * as tf from '../engine/tf.ts';
import type { Encoder } from '../model/encoder.ts';
import {
  findNonFinite,
  type StepExamination,
  summarise,
  summariseTensors,
  ValueSummary,
} from '../train/examine-step.ts';
import type { KeyQueue } from './key-queue.ts';

export interface ExaminedStep {
  readonly queryEncoder: Encoder;
  /** Of this rank. [n, C] */
  readonly q: tf.Tensor2D;
  /** [n, C] */
  readonly k: tf.Tensor2D;
  readonly queue: KeyQueue;
  /** Columns of the queue that the step has replaced since: no negatives of its. */
  readonly enqueued: number;
  readonly T: number;
  readonly gradients: readonly tf.Tensor[];
}

export async function examineStep(step: ExaminedStep): Promise<StepExamination> {
  const { queryEncoder, gradients } = step;
  const names = queryEncoder.parameterNames;
  const logits = await summariseLogits(step);
  const byParameter = await summariseTensors(gradients, names);
  const forward = [...(await queryEncoder.toTensors())]
    .filter(([name]) => /running_(mean|var)$/.test(name))
    .map(([name, { values }]) => [name, summarise(values as Float32Array)] as const);
  const backward = names.map((name) => [`the gradient of ${name}`, byParameter[name]!] as const).reverse();
  const ofLogits = Object.entries(logits).map(([name, of]) => [`the ${name}`, of] as const);
  return {
    logits,
    gradients: byParameter,
    firstNonFinite: findNonFinite([...forward, ...ofLogits, ...backward]),
  };
}

/** q.k / T of the queries of this rank: for their own keys, and for what was in the queue before and still is. */
async function summariseLogits({
  q,
  k,
  queue,
  enqueued,
  T,
}: ExaminedStep): Promise<StepExamination['logits']> {
  const [n, C] = q.shape;
  const [, K] = queue.keys.shape;
  const [queries, keys, negatives] = [await q.data(), await k.data(), await queue.keys.data()];
  const positive = new ValueSummary();
  const negative = new ValueSummary();
  const isReplaced = (column: number) => (queue.pointer - 1 - column + K) % K < enqueued;
  const kept = Array.from({ length: K }, (_, column) => column).filter((column) => !isReplaced(column));
  for (let row = 0; row < n; row++) {
    const multiply = (other: ArrayLike<number>, from: number, stride: number) => {
      let product = 0;
      for (let c = 0; c < C; c++) product += queries[row * C + c]! * other[from + c * stride]!;
      return product / T;
    };
    positive.add(multiply(keys, row * C, 1));
    for (const column of kept) negative.add(multiply(negatives, column, K));
  }
  return { 'logits of positives': positive.statistics, 'logits of negatives': negative.statistics };
}
