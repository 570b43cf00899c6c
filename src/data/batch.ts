// What the loader hands to a training loop.

import type { BadImage } from './bad-image.ts';

/** One batch, normalised and ready to become tensors. */
export interface Batch {
  /** One entry a view (MoCo: query crop, key crop), each [N, S, S, 3] flat, float32. */
  readonly views: readonly Float32Array[];
  /** Side of the crops. */
  readonly size: number;
  /** N class indices. */
  readonly labels: Int32Array;
  /** N indices into the data set; of a bad image its own, though the pixels and the label are another's. */
  readonly indices: Int32Array;
  /** Images that could not be read, and what stands in their places. */
  readonly bad: readonly BadImage[];
}

/** Serves the batches of any epoch; the order and crops of an epoch depend on seed and epoch alone. */
export interface Loader {
  readonly batchesPerEpoch: number;
  readonly imagesPerEpoch: number;
  /** Images of the split, whether or not a dropped batch leaves some out. */
  readonly size: number;
  readonly classes: readonly string[];
  /**
   * Batches of an epoch, which counts from 0. Breaking out of the loop stops the work ahead.
   *
   * @param firstBatch how many are left out at its start, of which no image is read
   */
  readEpoch(epoch: number, firstBatch?: number): AsyncGenerator<Batch, void, undefined>;
  close(): Promise<void>;
}
