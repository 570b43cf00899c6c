// The dictionary as a queue: the newest keys replace the oldest. MoCo v1 §3.2 (arXiv:1911.05722).

import type { TensorMap } from '../core/host-tensor.ts';
import { stream } from '../core/rng.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';

/** Keys [C, K] with a pointer to the oldest. */
export interface KeyQueue {
  /** [C, K], columns of unit length. Owned by the queue, which may overwrite it: don't dispose, don't keep. */
  readonly keys: tf.Tensor2D;
  /** The same, to be replaced as a whole. */
  readonly variable: tf.Variable;
  /** Column that the next key replaces. */
  pointer: number;
  /** Where each of the next batches of N keys starts; moves the pointer behind them. K must be divisible by N. */
  claim(N: number, batches: number): number[];
  /** Replaces the columns from `column` on by `keys` [N, C]. */
  replace(column: number | tf.Scalar, keys: tf.Tensor2D): void;
  /** `queue` [C, K] and `queue_ptr` [1], as the original's buffers. */
  toTensors(): Promise<TensorMap>;
  loadTensors(tensors: TensorMap): void;
  dispose(): void;
}

/** A queue of random unit vectors, as the original starts. */
export function createKeyQueue(
  engine: Engine,
  { C, K, seed }: { readonly C: number; readonly K: number; readonly seed: number },
): KeyQueue {
  const queue = tf.tidy(() => tf.variable(drawUnitColumns(C, K, seed), false));
  let pointer = 0;
  return {
    variable: queue,
    get keys() {
      return queue as tf.Tensor2D;
    },
    get pointer() {
      return pointer;
    },
    set pointer(column) {
      pointer = column;
    },
    claim: (N, batches) =>
      Array.from({ length: batches }, () => {
        const column = pointer;
        pointer = (pointer + N) % K;
        return column;
      }),
    replace: (column, keys) => engine.ops.updateQueue(queue, keys, column),
    toTensors: async () =>
      new Map([
        ['queue', { dtype: 'float32', shape: [C, K], values: (await queue.data()) as Float32Array }],
        ['queue_ptr', { dtype: 'int64', shape: [1], values: BigInt64Array.of(BigInt(pointer)) }],
      ]),
    loadTensors: (tensors) => {
      tf.tidy(() => queue.assign(tf.tensor2d(tensors.get('queue')!.values as Float32Array, [C, K])));
      pointer = Number(tensors.get('queue_ptr')!.values[0]);
    },
    dispose: () => queue.dispose(),
  };
}

function drawUnitColumns(C: number, K: number, seed: number): tf.Tensor2D {
  const rng = stream(seed, 'queue');
  const drawn = tf.tensor2d(
    Float32Array.from({ length: C * K }, () => rng.normal()),
    [C, K],
  );
  return tf.div(drawn, tf.sqrt(tf.sum(tf.square(drawn), 0, true)));
}
