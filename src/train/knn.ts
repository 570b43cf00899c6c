// The weighted kNN classifier of the authors' CIFAR demo (`knn_predict`; Wu et al. 2018,
// arXiv:1805.01978): each of the k most similar bank features votes for its class with
// exp(similarity / t). Chunked: the similarities of all queries never exist at once.

import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';

/** Features of unit length with their classes. */
export interface LabelledFeatures {
  /** N x C, row by row. */
  readonly values: Float32Array;
  readonly featureDim: number;
  readonly labels: Int32Array;
}

export interface KnnOptions {
  readonly k: number;
  /** Temperature t, > 0. */
  readonly temperature: number;
  readonly classes: number;
}

/** What the neighbours say of every query. */
export interface KnnPrediction {
  /** Class with the highest score; of equal ones the lowest index. */
  readonly predicted: Int32Array;
  /** N x classes. */
  readonly scores: Float64Array;
}

/** Scales each row of N x featureDim to unit length, in place; rows of zeros stay. */
export function normaliseFeatures(values: Float32Array, featureDim: number): void {
  for (let from = 0; from < values.length; from += featureDim) {
    const row = values.subarray(from, from + featureDim);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let i = 0; i < featureDim; i++) row[i] = row[i]! / length;
  }
}

const CHUNK = 256;

/** Classifies queries [N, C] by the bank [M, C]; k is at most M. */
export async function classifyByNeighbours(
  engine: Engine,
  {
    bank,
    queries,
    options,
  }: { readonly bank: LabelledFeatures; readonly queries: LabelledFeatures; readonly options: KnnOptions },
): Promise<KnnPrediction> {
  const { featureDim } = bank;
  const count = queries.values.length / featureDim;
  const columns = transposeBank(bank); // [C, M]
  const predicted = new Int32Array(count);
  const scores = new Float64Array(count * options.classes);
  for (let from = 0; from < count; from += CHUNK) {
    const rows = queries.values.subarray(from * featureDim, Math.min(count, from + CHUNK) * featureDim);
    const similar = await computeSimilarities(engine, rows, columns);
    for (let row = 0; row < rows.length / featureDim; row++) {
      const similarities = similar.subarray(row * bank.labels.length, (row + 1) * bank.labels.length);
      const votes = vote(similarities, bank.labels, options);
      scores.set(votes, (from + row) * options.classes);
      predicted[from + row] = votes.indexOf(Math.max(...votes));
    }
  }
  columns.dispose();
  return { predicted, scores };
}

/** For each row [Q, C] the most similar features of the bank, most similar first; of equal ones the first. */
export async function findNeighbours(
  engine: Engine,
  {
    bank,
    rows,
    count,
  }: { readonly bank: LabelledFeatures; readonly rows: Float32Array; readonly count: number },
): Promise<{ readonly index: number; readonly similarity: number }[][]> {
  const columns = transposeBank(bank);
  const similar = await computeSimilarities(engine, rows, columns);
  columns.dispose();
  const size = bank.labels.length;
  return Array.from({ length: rows.length / bank.featureDim }, (_, row) => {
    const similarities = similar.subarray(row * size, (row + 1) * size);
    return findLargest(similarities, count)
      .map((index) => ({ index, similarity: similarities[index]! }))
      .sort((a, b) => b.similarity - a.similarity || a.index - b.index);
  });
}

/** [M, C] -> [C, M]. The caller disposes it. */
function transposeBank({ values, featureDim, labels }: LabelledFeatures): tf.Tensor2D {
  return tf.tidy(() => tf.transpose(tf.tensor2d(values, [labels.length, featureDim])) as tf.Tensor2D);
}

async function computeSimilarities(
  engine: Engine,
  rows: Float32Array,
  columns: tf.Tensor2D,
): Promise<Float32Array> {
  const product = tf.tidy(() => {
    const queries = tf.tensor2d(rows, [rows.length / columns.shape[0], columns.shape[0]]);
    return engine.ops.linear(queries, columns);
  });
  const values = (await product.data()) as Float32Array;
  product.dispose();
  return values;
}

function vote(
  similarities: Float32Array,
  labels: Int32Array,
  { k, temperature, classes }: KnnOptions,
): Float64Array {
  const votes = new Float64Array(classes);
  for (const neighbour of findLargest(similarities, k)) {
    const label = labels[neighbour]!;
    votes[label] = votes[label]! + Math.exp(similarities[neighbour]! / temperature);
  }
  return votes;
}

/** Indices of the k largest values; of equal ones the first. */
function findLargest(values: Float32Array, k: number): number[] {
  const threshold = Float32Array.from(values).sort()[values.length - k]!;
  const larger: number[] = [];
  const equal: number[] = [];
  values.forEach((value, i) => {
    if (value > threshold) larger.push(i);
    else if (value === threshold) equal.push(i);
  });
  return [...larger, ...equal.slice(0, k - larger.length)];
}
