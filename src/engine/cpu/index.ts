// The engine `cpu`: tfjs's plain JavaScript backend. Slow; the reference the others are tested against.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compositeOps } from '../composite-ops.ts';
import type { Engine } from '../engine.ts';

/** Makes the cpu backend current. */
export async function createCpuEngine(): Promise<Engine> {
  await tf.setBackend('cpu');
  return {
    name: 'cpu',
    description: { name: 'cpu', tfjs: tf.version_core, threads: 1 },
    ops: compositeOps,
    memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
  };
}
