// Serves batches of features to the linear classifier. Where every epoch sees the same pixels they are
// computed once and kept; else the frozen backbone computes them anew. Same batches either way.

import { setImmediate } from 'node:timers/promises';
import { isDeterministic } from '../config/image-ops.ts';
import type { BadImage } from '../data/bad-image.ts';
import type { Batch } from '../data/batch.ts';
import { drawEpochOrder } from '../data/epoch-order.ts';
import { type LoaderOptions, openLoader, takeShare } from '../data/loader.ts';
import * as tf from '../engine/tf.ts';
import { toImageTensor } from './batch-tensor.ts';
import { computeSplitFeatures, joinFeatures, type SplitFeatures } from './features.ts';
import type { FrozenBackbone } from './frozen-backbone.ts';
import type { RankTeam } from './rank-team.ts';
import type { StageContext } from './stage-context.ts';

/** More than this is computed anew each epoch rather than held in memory. */
const CACHE_LIMIT_BYTES = 2 ** 30;

export interface FeatureBatch {
  /** Of this rank's n images. [n, featureDim]. Disposed when the next batch is read. */
  readonly features: tf.Tensor2D;
  readonly labels: Int32Array;
  /** Of the whole batch, over all ranks. */
  readonly images: number;
  /** Of this rank's: places in the data set. */
  readonly indices: Int32Array;
  /** Of this rank's images, computed for this batch, those that could not be read. */
  readonly bad: readonly BadImage[];
}

/** Features of one split, epoch by epoch. */
export interface FeatureSource {
  readonly classes: readonly string[];
  readonly size: number;
  readonly batchesPerEpoch: number;
  /** Images that could not be read while features were computed once for all epochs, by any rank. */
  readonly bad: readonly BadImage[];
  /** How many images have gone through the backbone so far. */
  readonly imagesComputed: () => number;
  /** Batches of an epoch without its first ones, which are not computed. */
  readEpoch(epoch: number, firstBatch?: number): AsyncGenerator<FeatureBatch, void, undefined>;
  close(): Promise<void>;
}

export interface SourceOptions {
  readonly report: StageContext['report'];
  readonly backbone: FrozenBackbone;
  readonly loader: LoaderOptions;
  readonly team: RankTeam;
}

/** Opens a source; undefined where the stage was told to stop meanwhile. Throws DATA_* problems. */
export async function openFeatureSource(options: SourceOptions): Promise<FeatureSource | undefined> {
  const { loader: loading, backbone } = options;
  const repeats = loading.ops.every(isDeterministic);
  const loader = await openLoader({ ...loading, shuffle: loading.shuffle && !repeats });
  const fits = loader.size * backbone.featureDim * Float32Array.BYTES_PER_ELEMENT <= CACHE_LIMIT_BYTES;
  if (repeats && fits) return openCached(options, loader);
  await loader.close();
  return openLive(backbone, await openLoader(loading), loading.batchSize);
}

type OpenedLoader = Awaited<ReturnType<typeof openLoader>>;

function openLive(backbone: FrozenBackbone, loader: OpenedLoader, batchSize: number): FeatureSource {
  let computed = 0;
  return {
    classes: loader.classes,
    size: loader.size,
    batchesPerEpoch: loader.batchesPerEpoch,
    bad: [],
    imagesComputed: () => computed,
    readEpoch: async function* (epoch, firstBatch = 0) {
      let left = loader.imagesPerEpoch - firstBatch * batchSize;
      for await (const batch of loader.readEpoch(epoch, firstBatch)) {
        const features = extract(backbone, batch);
        const images = Math.min(left, batchSize);
        computed += images;
        left -= images;
        try {
          const { labels, indices, bad } = batch;
          yield { features, labels, images, indices, bad };
        } finally {
          features.dispose();
        }
      }
    },
    close: loader.close,
  };
}

/** [n, featureDim] */
function extract(backbone: FrozenBackbone, batch: Batch): tf.Tensor2D {
  if (batch.labels.length === 0) return tf.tensor2d([], [0, backbone.featureDim]); // A share of a small batch.
  const images = toImageTensor(batch, 0);
  const features = backbone.extractFeatures(images);
  images.dispose();
  return features;
}

async function openCached(
  { report, backbone, loader: options, team }: SourceOptions,
  loader: OpenedLoader,
): Promise<FeatureSource | undefined> {
  try {
    const phase = `features of ${options.split}`;
    const isStopping = () => team.agree();
    const own = await computeSplitFeatures(backbone, loader, { phase, report, isStopping });
    if (!own) return undefined;
    const features = await joinFeatures(team.collectives, own, backbone.featureDim);
    const bad = (await team.collectives.gatherValues(own.bad)).flat();
    const { size, classes, batchesPerEpoch } = loader;
    return {
      classes,
      size,
      batchesPerEpoch,
      bad,
      imagesComputed: () => size,
      readEpoch: (epoch, firstBatch = 0) =>
        readCached(features, { ...options, featureDim: backbone.featureDim }, { epoch, firstBatch }),
      close: async () => {},
    };
  } finally {
    await loader.close();
  }
}

async function* readCached(
  { values, labels }: SplitFeatures,
  { featureDim, batchSize, shuffle, seed, share }: LoaderOptions & { readonly featureDim: number },
  { epoch, firstBatch }: { readonly epoch: number; readonly firstBatch: number },
): AsyncGenerator<FeatureBatch, void, undefined> {
  const order = drawEpochOrder(labels.length, { shuffle, seed, epoch });
  for (let from = firstBatch * batchSize; from < order.length; from += batchSize) {
    // Nothing else here waits for the outside: without this, no message would be heard until the end.
    await setImmediate();
    const whole = order.subarray(from, from + batchSize);
    const indices = takeShare(whole, share);
    const rows = new Float32Array(indices.length * featureDim);
    indices.forEach((index, i) => {
      rows.set(values.subarray(index * featureDim, (index + 1) * featureDim), i * featureDim);
    });
    const features = tf.tensor2d(rows, [indices.length, featureDim]);
    try {
      const own = indices.map((index) => labels[index]!);
      yield { features, labels: own, images: whole.length, indices, bad: [] };
    } finally {
      features.dispose();
    }
  }
}
