// Makes batches ahead in threads, because the main thread is blocked while an engine computes. The
// order of an epoch and every crop come from seed and epoch alone, whatever the number of threads.

import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { DataConfig, ImageOp } from '../config/schema/recipe.generated.ts';
import { locateScript } from '../core/own-script.ts';
import { type Problem, ProblemError } from '../core/problem.ts';
import type { BadImagePolicy } from './bad-image.ts';
import type { Batch, Loader } from './batch.ts';
import type { Dataset, Split } from './dataset.ts';
import { drawEpochOrder } from './epoch-order.ts';
import { findImageAddon } from './find-image-addon.ts';
import type { BatchOrder, BatchRecipe, MadeBatch } from './make-batch.ts';
import { openDataset } from './open-dataset.ts';

/** Crops of one list of images. */
export interface CropList {
  /** Numbers of crops: 0 for MoCo's queries, 1 for its keys. */
  readonly views: readonly number[];
  /**
   * Puts a batch's images into another order before they are shared out: a permutation of 0..batchSize-1 for
   * each step of the whole training. Absent: as they come.
   */
  readonly order?: (step: number) => Int32Array;
}

/** One of `ranks` consecutive parts of a batch, which differ by one image at most. */
export interface Share {
  readonly rank: number;
  readonly ranks: number;
}

export interface LoaderOptions {
  readonly data: DataConfig;
  readonly split: Split;
  readonly ops: readonly ImageOp[];
  /** Crops made of each image. */
  readonly views: 1 | 2;
  /** Which crops of which images a batch holds, list after list; absent: all crops of its images. */
  readonly crops?: readonly CropList[];
  /** Which part of every batch is this process's; absent: all of it. */
  readonly share?: Share;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** Leave out the last batch when it is smaller. */
  readonly dropLast: boolean;
  readonly seed: number;
  /** At least 1. */
  readonly threads: number;
  /** Batches made ahead, at least 1. */
  readonly prefetch: number;
  /** Absent: an image that cannot be read is a problem. */
  readonly badImages?: BadImagePolicy;
}

/** Opens the data and starts the threads. Throws DATA_* problems; those of an image come from readEpoch. */
export async function openLoader(options: LoaderOptions): Promise<Loader> {
  const dataset = await openDataset(options.data, options.split);
  const { mean, std } = options.data;
  const pool = startThreads(options.threads, {
    dataset,
    ops: options.ops,
    mean,
    std,
    seed: options.seed,
    badImages: options.badImages,
    imageAddon: findImageAddon(),
  });
  const count = dataset.labels.length;
  const batchesPerEpoch = options.dropLast
    ? Math.floor(count / options.batchSize)
    : Math.ceil(count / options.batchSize);
  return {
    batchesPerEpoch,
    imagesPerEpoch: Math.min(count, batchesPerEpoch * options.batchSize),
    size: count,
    classes: dataset.classes,
    readEpoch: (epoch, firstBatch = 0) =>
      readAhead(pool, dataset, {
        orders: listOrders(dataset, options, { epoch, batchesPerEpoch }).slice(firstBatch),
        prefetch: options.prefetch,
      }),
    close: pool.close,
  };
}

function listOrders(
  dataset: Dataset,
  { views: viewCount, shuffle, batchSize, seed, crops, share }: LoaderOptions,
  { epoch, batchesPerEpoch }: { readonly epoch: number; readonly batchesPerEpoch: number },
): BatchOrder[] {
  const count = dataset.labels.length;
  const sequence = drawEpochOrder(count, { shuffle, seed, epoch });
  const lists: readonly CropList[] = crops ?? [{ views: [0, 1].slice(0, viewCount) }];
  return Array.from({ length: batchesPerEpoch }, (_, i) => {
    const whole = sequence.slice(i * batchSize, (i + 1) * batchSize);
    const parts = lists.map(({ views, order }) => {
      const ordered = order ? order(epoch * batchesPerEpoch + i).map((from) => whole[from]!) : whole;
      return { views, indices: takeShare(ordered, share) };
    });
    return { epoch, parts };
  });
}

/** This process's part of a batch. */
export function takeShare(indices: Int32Array, { rank, ranks }: Share = { rank: 0, ranks: 1 }): Int32Array {
  const at = (part: number) => Math.floor((part * indices.length) / ranks);
  return indices.slice(at(rank), at(rank + 1));
}

/**
 * Keeps `prefetch` batches under way and yields them in order.
 *
 * A MessagePort delivers what arrives while its messages are handled in the same turn of the event loop, so that a
 * training step as long as a batch takes to make would keep out timers, signals and the parent for 1,000
 * batches; each batch therefore waits for a turn of its own.
 */
async function* readAhead(
  pool: ThreadPool,
  dataset: Dataset,
  { orders, prefetch }: { readonly orders: readonly BatchOrder[]; readonly prefetch: number },
): AsyncGenerator<Batch, void, undefined> {
  const underWay: Promise<MadeBatch>[] = [];
  const request = (order: BatchOrder | undefined) => {
    if (!order) return;
    const made = pool.make(order);
    made.catch(() => {}); // The loop below sees it, unless it was left before.
    underWay.push(made);
  };
  for (const order of orders.slice(0, prefetch)) request(order);
  for (const [i, { parts }] of orders.entries()) {
    const { indices } = parts[0]!;
    const { views, size, bad } = await underWay.shift()!;
    request(orders[i + prefetch]);
    await setImmediate();
    const shown = new Map(bad.map(({ index, replacedBy }) => [index, replacedBy]));
    const labels = indices.map((index) => dataset.labels[shown.get(index) ?? index]!);
    yield { views, size, indices, labels, bad };
  }
}

interface ThreadPool {
  make(order: BatchOrder): Promise<MadeBatch>;
  close(): Promise<void>;
}

type Answer = {
  readonly id: number;
  readonly made?: MadeBatch;
  readonly failure?: { readonly message: string; readonly problems: readonly Problem[] | undefined };
};

function startThreads(count: number, recipe: BatchRecipe): ThreadPool {
  const { threadUrl } = locateScript(import.meta.url, './loader-thread');
  const waiting = new Map<number, { resolve(made: MadeBatch): void; reject(error: Error): void }>();
  const failAll = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(threadUrl, { workerData: recipe });
    worker.on('error', failAll);
    worker.on('message', ({ id, made, failure }: Answer) => {
      const call = waiting.get(id);
      waiting.delete(id);
      if (made) call?.resolve(made);
      else
        call?.reject(failure!.problems ? new ProblemError(failure!.problems) : new Error(failure!.message));
    });
    return worker;
  });
  let next = 0;
  return {
    make: (order) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        workers[id % count]!.postMessage({ id, order });
      }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
