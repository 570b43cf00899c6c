// What goes into a step and what comes out, as tensors. All that differs between two steps goes in, because a step that
// an engine records is given it anew each time.

import * as tf from '../engine/tf.ts';
import { invert } from './shuffle-bn.ts';

/** What a rank alone trains on: two crops of the same images. */
export interface StepBatch {
  /** [N, S, S, 3] */
  readonly queries: tf.Tensor4D;
  /** [N, S, S, 3] */
  readonly keys: tf.Tensor4D;
  /** ShuffleBN's permutation of 0..N-1. */
  readonly order: Int32Array;
  readonly lr: number;
}

/** The same as tensors. A type, not an interface, which would not do for tensors by name. */
export type StepInputs = {
  /** [N, S, S, 3] */
  readonly queries: tf.Tensor4D;
  /** [N, S, S, 3] */
  readonly keys: tf.Tensor4D;
  /** ShuffleBN's permutation of 0..N-1. int32 [N] */
  readonly order: tf.Tensor1D;
  /** int32 [N] */
  readonly inverse: tf.Tensor1D;
  readonly lr: tf.Scalar;
  /** Column of the queue that the step's first key replaces. int32 */
  readonly column: tf.Scalar;
  /** With the symmetric loss, where the keys of the other crops go; else the same. int32 */
  readonly secondColumn: tf.Scalar;
};

/** What a step leaves: the caller disposes it all. */
export interface StepTensors {
  /** Of this rank's queries. */
  readonly loss: tf.Scalar;
  /** For each loss, how many negatives beat the key of each query. [n] */
  readonly ranks: readonly tf.Tensor1D[];
  /** Mean over all ranks, in the parameters' order. */
  readonly gradients: readonly tf.Tensor[];
  /** For each loss, this rank's queries and their keys. [n, C] */
  readonly queries: readonly tf.Tensor2D[];
  readonly keys: readonly tf.Tensor2D[];
}

/** Gives `use` the inputs, and frees those that are not the caller's. */
export function withStepInputs<Result>(
  { queries, keys, order, lr }: StepBatch,
  [column, secondColumn = column]: readonly number[],
  use: (inputs: StepInputs) => Result,
): Result {
  const own = {
    order: tf.tensor1d(order, 'int32'),
    inverse: tf.tensor1d(invert(order), 'int32'),
    lr: tf.scalar(lr),
    column: tf.scalar(column!, 'int32'),
    secondColumn: tf.scalar(secondColumn!, 'int32'),
  };
  try {
    return use({ queries, keys, ...own });
  } finally {
    tf.dispose(own);
  }
}
