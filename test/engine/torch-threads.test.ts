// The engine torch gives the same bits on any number of threads: a training that is started in another way, or on a
// machine with more cores, is the same training.

import { createHash } from 'node:crypto';
import * as tfjs from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { createSingleRank } from '../../src/engine/collectives/single-rank.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import type { TorchBackend } from '../../src/engine/torch/backend.ts';
import { createMoco } from '../../src/moco/moco.ts';
import { availableEngines } from '../helpers/available-engines.ts';

const note = availableEngines.includes('torch') ? '' : ' (SKIPPED: the engine torch is not installed)';

const THREADS = [1, 2, 5];

function draw(...shape: [number, number, number, number]): tf.Tensor4D {
  const rng = stream(3, 'torch-threads', ...shape);
  const size = shape.reduce((a, b) => a * b);
  return tf.tensor4d(
    Float32Array.from({ length: size }, () => rng.normal()),
    shape,
  );
}

/** What some work gives on each number of threads. */
async function runOnThreads<T>(work: (engine: Engine) => Promise<T>): Promise<T[]> {
  const engine = await createEngine('torch', { device: 'cpu' });
  const { addon } = tfjs.backend() as TorchBackend;
  const { threads } = addon.describe();
  const results: T[] = [];
  try {
    for (const count of THREADS) {
      addon.setThreads(count);
      results.push(await work(engine));
    }
  } finally {
    addon.setThreads(threads);
  }
  return results;
}

/** Hash of all parameters, statistics and the queue after a step. */
async function train(engine: Engine, model: Parameters<typeof createMoco>[0]['model'], size: number) {
  const moco = createMoco({
    engine,
    collectives: createSingleRank(),
    model,
    moco: {
      ...{ dim: 16, queueSize: 2048, keyMomentum: 0.99, temperature: 0.2 },
      ...{ mlp: true, symmetric: false, shuffleBn: true },
    },
    optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 },
    seed: 1,
  });
  const order = Int32Array.from({ length: 8 }, (_, i) => 7 - i);
  await moco.trainStep({ queries: draw(8, size, size, 3), keys: draw(8, size, size, 3), order, lr: 0.03 });
  const hash = createHash('sha256');
  for (const tensor of Object.values(moco.replicated).flat())
    hash.update(new Uint8Array((await tensor.data()).buffer));
  return hash.digest('hex');
}

test.skipIf(note).each([
  ['ResNet-18 of 4 channels', { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'plain' }, 32],
  ['ResNet-18 of 64 channels', { arch: 'resnet18', stem: 'imagenet', width: 64, bn: 'plain' }, 64],
  ['ResNet-50 of 32 channels', { arch: 'resnet50', stem: 'imagenet', width: 32, bn: 'plain' }, 64],
] as const)(`a %s trains to the same bits on 1, 2 and 5 threads${note}`, async (_, model, size) => {
  const hashes = await runOnThreads((engine) => train(engine, model, size));
  expect(new Set(hashes).size).toBe(1);
});

test.skipIf(note)(`sums of all numbers have the same bits, and are right${note}`, async () => {
  const values = draw(7, 31, 29, 41);
  const exact = (values.dataSync() as Float32Array).reduce((sum, value) => sum + value, 0);
  const sums = await runOnThreads(async () => {
    return [tf.sum(values), tf.mean(values)].flatMap((each) => [each.shape.length, each.dataSync()[0]!]);
  });
  for (const each of sums) expect(each).toEqual(sums[0]);
  expect(sums[0]![1]).toBeCloseTo(exact, 2);
  expect(sums[0]![3]).toBeCloseTo(exact / values.size, 7);
});
