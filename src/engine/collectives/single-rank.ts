// A world of one rank: every operation gives back what it got, and costs nothing.

import * as tf from '@tensorflow/tfjs-core';
import type { Collectives } from './collectives.ts';

export function createSingleRank(): Collectives {
  return {
    rank: 0,
    ranks: 1,
    transport: 'none',
    allReduceSum: async (tensors, factor = 1) =>
      tensors.map((tensor) => (factor === 1 ? tf.clone(tensor) : tf.mul(tensor, factor))),
    allGather: async (tensor) => tf.clone(tensor),
    broadcast: async (tensors) => tensors.map((tensor) => tf.clone(tensor)),
    gatherValues: async (value) => [value],
    barrier: async () => {},
    takeWaitMs: () => 0,
    close: async () => {},
  };
}
