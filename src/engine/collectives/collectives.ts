// What the ranks of one stage do together. A rank is a process with one device; all train the same model on
// their own part of the batch. Implementations differ in how the bytes travel, never in the result's bits.

import type * as tf from '../tf.ts';
import type { NativeTransport } from './native-ranks.ts';

/** How bytes travel between ranks. */
export type Transport = 'none' | 'tcp' | NativeTransport;

/** Every rank calls the same operations in the same order; several may be under way at once. */
export interface Collectives {
  /** 0 to ranks - 1. */
  readonly rank: number;
  readonly ranks: number;
  readonly transport: Transport;
  /**
   * Starts to sum tensors over all ranks as one bucket: they are read before this returns, or kept alive until
   * they are. Added in rank order, so that the sums have the same bits on every rank and in every run.
   * Each sum is multiplied by `factor` (absent: 1).
   *
   * @param tensors of one type, float32 or int32; the same shapes on every rank
   */
  allReduceSum(tensors: readonly tf.Tensor[], factor?: number): Promise<tf.Tensor[]>;
  /** Every rank's tensor, one after another along axis 0, in rank order. [N, ...] -> [ranks N, ...] */
  allGather(tensor: tf.Tensor): Promise<tf.Tensor>;
  /** Rank 0's tensors on every rank; the others' say the shapes and types. */
  broadcast(tensors: readonly tf.Tensor[]): Promise<tf.Tensor[]>;
  /** Every rank's small JSON value, in rank order: hashes, counts, sums of meters. */
  gatherValues<T>(value: T): Promise<T[]>;
  /** Resolves when every rank has come here. */
  barrier(): Promise<void>;
  /** Milliseconds since the last call in which nothing was left to do but to wait for other ranks. */
  takeWaitMs(): number;
  /** Says goodbye and lets go of every connection. What is still under way rejects. */
  close(): Promise<void>;
}
