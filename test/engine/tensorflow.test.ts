// What is particular to the engine tensorflow: TensorFlow's own memory over steps, nothing read back inside one,
// running statistics by the fused op, updates in place. Skipped where it is not installed.

import * as tfjs from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { permutation, stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { readTensorflowManifest } from '../../src/engine/tensorflow/find-package.ts';
import type { NodeBackend } from '../../src/engine/tensorflow/native.ts';
import * as tf from '../../src/engine/tf.ts';
import { createMoco } from '../../src/moco/moco.ts';
import { createExpectClose } from '../helpers/expect-close.ts';

const expectClose = createExpectClose(1e-6);

describe.skipIf(!readTensorflowManifest())('the engine tensorflow', () => {
  let engine: Engine;
  let backend: NodeBackend;
  beforeAll(async () => {
    engine = await createEngine('tensorflow');
    backend = tfjs.backend() as NodeBackend;
  });

  const variable = (values: readonly number[], shape: number[] = [values.length]) =>
    tf.tidy(() => tf.variable(tf.tensor([...values], shape)));

  test('holds as many native tensors and bytes after every MoCo step, and reads back its loss and ranks alone', async () => {
    const [batch, size] = [8, 16];
    const moco = createMoco({
      engine,
      model: { arch: 'resnet18', stem: 'imagenet', width: 4, bn: 'split 2' },
      moco: {
        ...{ dim: 16, queueSize: 32, keyMomentum: 0.99, temperature: 0.2 },
        ...{ mlp: true, symmetric: false, shuffleBn: true },
      },
      optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 },
      seed: 0,
    });
    const [queries, keys] = [1, 2].map((seed) =>
      tfjs.randomNormal([batch, size, size, 3], 0, 1, 'float32', seed),
    ) as [tf.Tensor4D, tf.Tensor4D];
    let reads = 0;
    const { readSync } = backend;
    backend.readSync = (dataId) => {
      // What the backend has not yet given to TensorFlow lies in host memory.
      if (backend.tensorMap.get(dataId).values == null) reads++;
      return readSync.call(backend, dataId);
    };
    const order = permutation(stream(0, 'tensorflow'), batch);
    const levels: number[][] = [];
    for (let step = 0; step < 12; step++) {
      await moco.trainStep({ queries, keys, order, lr: 0.03 });
      levels.push([backend.getNumOfTFTensors(), engine.memory().tensors, engine.memory().bytes]);
    }
    Object.assign(backend, { readSync });
    expect(reads).toBe(2 * 12);
    // The resources that lend memory are made in the first step.
    expect(levels.slice(1)).toEqual(Array(11).fill(levels[1]));
    moco.dispose();
    tf.dispose([queries, keys]);
    expect(engine.memory().tensors).toBe(0);
  });

  test.each([1, 2])('running statistics move to the mean and the unbiased variance: %i splits', (splits) => {
    const [mean, variance] = [variable([1]), variable([2])];
    const [scale, offset] = [variable([1]), variable([0])];
    tf.tidy(() => {
      engine.ops.batchNormTraining(tf.tensor4d([1, 2, 3, 6, 1, 2, 3, 6], [8, 1, 1, 1]), {
        scale: scale as unknown as tf.Tensor1D,
        offset: offset as unknown as tf.Tensor1D,
        epsilon: 1e-5,
        splits,
        running: { mean, variance, shareOfNew: 0.25 },
      });
    });
    // 1, 2, 3, 6: mean 3, biased variance 3.5; unbiased over 8 values 4, over 4 values 14/3.
    expectClose(mean.dataSync(), [0.75 * 1 + 0.25 * 3]);
    expectClose(variance.dataSync(), [0.75 * 2 + 0.25 * (splits === 1 ? 4 : 14 / 3)]);
    tf.dispose([mean, variance, scale, offset]);
  });

  test('an update leaves a tensor alone that showed the variable before it', () => {
    const [p, g, v] = [variable([1, 2]), variable([1, 1]), variable([0, 0])];
    const before = tf.clone(p as unknown as tf.Tensor);
    engine.ops.sgdStep([p], [g], [v], { lr: 0.5, momentum: 0.9, weightDecay: 0 });
    expectClose(before.dataSync(), [1, 2]);
    expectClose(p.dataSync(), [0.5, 1.5]);
    before.dispose();
    engine.ops.sgdStep([p], [g], [v], { lr: 0.5, momentum: 0.9, weightDecay: 0 });
    expectClose(p.dataSync(), [-0.45, 0.55]);
    engine.ops.momentumUpdate([p], [g], 0.5);
    expectClose(p.dataSync(), [0.275, 0.775]);
    tf.dispose([p, g, v]);
  });

  test('does not compute in bf16, and says who does', async () => {
    const refused = createEngine('tensorflow', { precision: 'bf16' });
    await expect(refused).rejects.toMatchObject({
      problems: [
        {
          code: 'ENGINE_PRECISION',
          message: 'Expected an engine that computes in bf16 but tensorflow computes in float32 alone.',
          hint: 'Use the engine torch for bf16, or --set precision=fp32.',
        },
      ],
    });
  });

  test.skipIf(readTensorflowManifest()?.cudaLibraries.length)(
    'has no GPU where its library is for CPUs',
    async () => {
      await expect(createEngine('tensorflow', { device: 'cuda' })).rejects.toMatchObject({
        problems: [
          {
            code: 'ENGINE_DEVICE',
            message:
              'Expected the engine tensorflow to find a GPU but its libtensorflow is a build for CPUs.',
            hint: '`moco doctor` shows the GPUs and the engine. `moco engine install tensorflow --gpu` sets up a build for GPUs; the engine torch knows newer ones.',
          },
        ],
      });
    },
  );
});
