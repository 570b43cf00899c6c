// What only the torch engine has: an addon that answers wrong calls with errors, and memory that stays level.

import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { loadAddon, type TorchAddon } from '../../src/engine/torch/binding.ts';
import { createEncoder } from '../../src/model/encoder.ts';

const installed = readInstalledAddon();

describe.skipIf(!installed)('the addon', () => {
  let addon: TorchAddon;
  beforeAll(() => {
    addon = loadAddon(installed!.addon);
  });

  test('refuses a tensor that was disposed', () => {
    const x = addon.fromHost(Float32Array.of(1, 2), [2]);
    addon.drop(x);
    expect(() => addon.Neg(x)).toThrow(`There is no tensor ${x}: it was disposed.`);
    expect(() => addon.drop(x)).toThrow('it was disposed');
  });

  test('refuses values that do not fit their shape', () => {
    expect(() => addon.fromHost(Float32Array.of(1, 2), [3])).toThrow('The shape does not fit the values.');
  });

  test('turns an exception of ATen into an error of one line', () => {
    const [a, b] = [addon.fromHost(new Float32Array(6), [2, 3]), addon.fromHost(new Float32Array(4), [2, 2])];
    expect(() => addon.Add(a, b)).toThrow(/size of tensor a \(3\) must match/);
    addon.drop(a);
    addon.drop(b);
  });

  test('says so when there is not enough memory', () => {
    expect(() => addon.Fill([2 ** 30, 2 ** 16], 0, 0)).toThrow(/out of memory|memory/);
  });
});

describe.skipIf(!installed)('the engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine('torch');
  });

  test('names the op, shapes and types of a wrong call', () => {
    const [x, filter] = [tf.zeros([1, 4, 4, 3]), tf.zeros([3, 3, 2, 5])] as [tf.Tensor4D, tf.Tensor4D];
    expect(() => tf.tidy(() => tf.gather(x, tf.tensor1d([7], 'int32')))).toThrow(
      /^GatherV2\(x float32 \[1,4,4,3\], indices int32 \[1\]\): /,
    );
    tf.dispose([x, filter]);
  });

  test('keeps native bytes and tensors level over passes', () => {
    const model = { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'plain' } as const;
    const encoder = createEncoder({ engine, model, head: { dim: 8, mlp: true }, seed: 0 });
    const images = tf.zeros([4, 8, 8, 3]) as tf.Tensor4D;
    const pass = () => {
      const { loss, gradients } = engine.ops.computeGradients(
        () => tf.sum(encoder.encode(images, { training: true })) as tf.Scalar,
        encoder.parameters,
      );
      tf.dispose([loss, ...gradients]);
    };
    pass();
    const before = engine.memory();
    for (let i = 0; i < 50; i++) pass();
    expect(engine.memory()).toEqual(before);
    encoder.dispose();
    images.dispose();
    expect(engine.memory().bytes).toBe(0);
  });
});
