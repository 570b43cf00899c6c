// A batch of the loader on the engine.

import type { Batch } from '../data/batch.ts';
import * as tf from '../engine/tf.ts';

/** View `view` of a batch as a tensor [N, S, S, 3]. The caller disposes it. */
export function toImageTensor({ views, size, labels }: Batch, view: number): tf.Tensor4D {
  return tf.tensor4d(views[view]!, [labels.length, size, size, 3]);
}
