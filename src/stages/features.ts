// Features of a whole split, computed once: for kNN, and for a linear classifier whose images look the
// same in every epoch.

import type { BadImage } from '../data/bad-image.ts';
import type { Loader } from '../data/batch.ts';
import type { Collectives } from '../engine/collectives/collectives.ts';
import * as tf from '../engine/tf.ts';
import { toImageTensor } from './batch-tensor.ts';
import type { FrozenBackbone } from './frozen-backbone.ts';
import type { StageContext } from './stage-context.ts';

/** Features and classes of a split, in the data set's order. */
export interface SplitFeatures {
  /** N x featureDim, row by row. */
  readonly values: Float32Array;
  readonly labels: Int32Array;
}

export interface ComputedFeatures extends SplitFeatures {
  /** Images that could not be read: their rows and labels are those of others. */
  readonly bad: readonly BadImage[];
}

/** Of images [N, S, S, 3], features [N, featureDim]. */
export type FeatureBackbone = Pick<FrozenBackbone, 'featureDim' | 'extractFeatures'>;

export interface FeatureWork {
  readonly phase: string;
  readonly report: StageContext['report'];
  /** Asked after every batch; of several ranks by all. */
  isStopping(): Promise<boolean>;
}

/** Computes them; undefined where the stage was told to stop. */
export async function computeSplitFeatures(
  backbone: FeatureBackbone,
  loader: Loader,
  { phase, report, isStopping }: FeatureWork,
): Promise<ComputedFeatures | undefined> {
  const { featureDim } = backbone;
  const values = new Float32Array(loader.size * featureDim);
  const labels = new Int32Array(loader.size);
  const bad: BadImage[] = [];
  let done = 0;
  let before = performance.now();
  for await (const batch of loader.readEpoch(0)) {
    if (await isStopping()) return undefined;
    bad.push(...batch.bad);
    if (batch.labels.length === 0) continue; // A share of a small batch.
    const images = toImageTensor(batch, 0);
    const features = backbone.extractFeatures(images);
    const rows = (await features.data()) as Float32Array;
    tf.dispose([images, features]);
    batch.indices.forEach((index, i) => {
      values.set(rows.subarray(i * featureDim, (i + 1) * featureDim), index * featureDim);
      labels[index] = batch.labels[i]!;
    });
    done += batch.labels.length;
    const now = performance.now();
    const imagesPerSecond = (1000 * batch.labels.length) / (now - before);
    before = now;
    report({ phase, done, total: loader.size, meters: {}, imagesPerSecond });
  }
  return { values, labels, bad };
}

/** Rows that travel at a time. */
const ROWS_A_MESSAGE = 16_384;

/** Every rank's features on every rank: each has computed its share of the rows, the others of its rows are 0. */
export async function joinFeatures(
  collectives: Collectives,
  { values, labels }: SplitFeatures,
  featureDim: number,
): Promise<SplitFeatures> {
  if (collectives.ranks === 1) return { values, labels };
  const joined = { values: new Float32Array(values.length), labels: new Int32Array(labels.length) };
  const add = async (part: tf.Tensor): Promise<tf.Tensor> => {
    const [sum] = await collectives.allReduceSum([part]);
    part.dispose();
    return sum!;
  };
  for (let from = 0; from < labels.length; from += ROWS_A_MESSAGE) {
    const own = labels.slice(from, from + ROWS_A_MESSAGE);
    const rows = values.slice(from * featureDim, (from + own.length) * featureDim);
    const sums = [await add(tf.tensor1d(rows)), await add(tf.tensor1d(own, 'int32'))] as const;
    joined.values.set((await sums[0].data()) as Float32Array, from * featureDim);
    joined.labels.set((await sums[1].data()) as Int32Array, from);
    tf.dispose([...sums]);
  }
  return joined;
}
