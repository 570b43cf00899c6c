// How far features are spread over the sphere, as SimSiam measures collapse (arXiv:2011.10566 §4.1): of the
// keys that entered the queue last, so that nothing has to be kept for it.

import * as tf from '../engine/tf.ts';
import type { KeyQueue } from './key-queue.ts';

/**
 * Standard deviation of a coordinate over the newest keys, mean over the coordinates: 1 / sqrt(C) where they
 * fill the sphere, 0 where they are one.
 *
 * @param count how many keys; the queue's size must be divisible by it
 */
export async function measureFeatureStd(
  { keys, pointer }: Pick<KeyQueue, 'keys' | 'pointer'>,
  count: number,
): Promise<number> {
  const std = tf.tidy(() => {
    const [C, K] = keys.shape;
    const newest = tf.slice(keys, [0, (pointer - count + K) % K], [C, count]); // [C, count]
    const centred = tf.sub(newest, tf.mean(newest, 1, true));
    return tf.mean(tf.sqrt(tf.mean(tf.square(centred), 1)));
  });
  const [value] = await std.data();
  std.dispose();
  return value!;
}
