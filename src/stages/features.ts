// Features of a whole split, computed once: for kNN, and for a linear classifier whose images look the
// same in every epoch.

import type { Loader } from '../data/batch.ts';
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

/** Computes them; undefined where the stage was told to stop. */
export async function computeSplitFeatures(
  backbone: FrozenBackbone,
  loader: Loader,
  { context, phase }: { readonly context: Pick<StageContext, 'report' | 'stop'>; readonly phase: string },
): Promise<SplitFeatures | undefined> {
  const { featureDim } = backbone;
  const values = new Float32Array(loader.size * featureDim);
  const labels = new Int32Array(loader.size);
  let done = 0;
  let before = performance.now();
  for await (const batch of loader.readEpoch(0)) {
    if (context.stop.aborted) return undefined;
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
    context.report({ phase, done, total: loader.size, meters: {}, imagesPerSecond });
  }
  return { values, labels };
}
