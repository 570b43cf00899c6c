// What only the torch engine has: an addon that answers wrong calls with errors, and memory that stays level.

import { readFileSync } from 'node:fs';
import * as tfjs from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
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

  test('has loops that libtorch shares out among its threads', () => {
    expect(readFileSync(installed!.addon).toString('latin1')).toMatch(/GOMP_parallel|__kmpc_fork_call/);
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

  test('refuses a tensor that was disposed, by the name of the op', () => {
    const x = tf.zeros([2]);
    x.dispose();
    expect(() => tf.tidy(() => tf.relu(x))).toThrow('Relu(x float32 [2]): one of the tensors was disposed');
  });

  test('says by its name that it has no kernel for an op', () => {
    const run = () =>
      tfjs.tidy(() =>
        tfjs.dilation2d(tfjs.tensor3d([1], [1, 1, 1]), tfjs.tensor3d([1], [1, 1, 1]), 1, 'valid'),
      );
    expect(run).toThrow('The torch engine has no kernel Dilation2D.');
    expect(() => tfjs.tidy(() => tfjs.tensor(['a']))).toThrow(
      'the torch engine holds float32, int32, bool, complex64, not string',
    );
  });

  test('refuses what would read outside a tensor', () => {
    const x = tfjs.zeros([2, 3]);
    const [rows, places] = [tfjs.tensor1d([0, -1], 'int32'), tfjs.tensor2d([[0, 3]], [1, 2], 'int32')];
    const [ids, update] = [tfjs.tensor1d([0, 5], 'int32'), tfjs.zeros([1])];
    const runs: readonly [() => tfjs.Tensor, RegExp][] = [
      [() => tfjs.slice(x, [1, 0], [2, 3]), /^Slice\(x float32 \[2,3\]\): /],
      [() => tfjs.gather(x, rows), /^GatherV2\(.*\): the index -1 is not in \[0, 2\)/],
      [() => tfjs.gatherND(x, places), /^GatherNd\(.*\): the index 3 is not in \[0, 3\)/],
      [() => tfjs.scatterND(places, update, [2, 3]), /^ScatterNd\(.*\): the index 3 is not in \[0, 3\)/],
      [() => tfjs.unsortedSegmentSum(x, ids, 2), /^UnsortedSegmentSum\(.*\): the index 5 is not in \[0, 2\)/],
    ];
    for (const [run, message] of runs) expect(() => tfjs.tidy(run)).toThrow(message);
    tfjs.dispose([x, rows, places, ids, update]);
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

  test('gives the same bits on any number of threads', () => {
    const addon = loadAddon(installed!.addon);
    const threads = addon.describe().threads;
    const once = (count: number) => {
      addon.setThreads(count);
      return trainWithoutConvolution(engine);
    };
    const [one, two, three] = [1, 2, 3].map(once);
    addon.setThreads(threads);
    expect(two).toEqual(one);
    expect(three).toEqual(one);
  });

  test('overwrites what a backward pass has used up, so that its peak is near what the forward pass keeps', ({
    skip,
  }) => {
    const native = engine.native!;
    const shape = [8, 64, 64, 16] as const;
    const bytes = 4 * shape.reduce<number>((a, b) => a * b, 1);
    const x = tf.zeros([...shape]) as tf.Tensor4D;
    const [scale, offset] = tf.tidy(
      () => [tf.variable(tf.zeros([16])), tf.variable(tf.zeros([16]))] as const,
    );
    skip(
      native.memory().reservedBytes === 0,
      'an addon that the sanitizer watches does not count its memory',
    );
    const layers = 6;
    native.startPeak();
    const before = native.memory().liveBytes;
    const { loss, gradients } = engine.ops.computeGradients(() => {
      let y = x;
      for (let i = 0; i < layers; i++) {
        y = engine.ops.batchNormTraining(y, {
          scale: scale as unknown as tf.Tensor1D,
          offset: offset as unknown as tf.Tensor1D,
          epsilon: 1e-5,
          relu: true,
        }).y;
      }
      return tf.sum(y) as tf.Scalar;
    }, [scale, offset]);
    const { peakBytes } = native.memory();
    tf.dispose([loss, ...gradients, scale, offset]);
    expect(peakBytes - before).toBeGreaterThan(layers * bytes);
    expect(peakBytes - before).toBeLessThan((layers + 1.1) * bytes);
    expect(native.memory().liveBytes).toBeLessThan(before);
    x.dispose();
  });

  test('gives memory of one size to tensors of another', () => {
    const native = engine.native!;
    const megabytes = (count: number) => tf.zeros([count, 1 << 18]);
    const tensors = [8, 8, 8, 8].map(megabytes);
    const { reservedBytes } = native.memory();
    tf.dispose(tensors);
    const others = [3, 13, 6, 10].map(megabytes);
    expect(native.memory().reservedBytes).toBe(reservedBytes);
    tf.dispose(others);
  });

  test('counts calls of native functions while it is asked to', () => {
    const x = tf.tensor1d([1, 4]);
    engine.native!.startProfile();
    tf.dispose([tf.square(x), tf.square(x)]);
    const profile = engine.native!.stopProfile();
    expect(profile.Square!.calls).toBe(2);
    expect(profile.Square!.ms).toBeGreaterThan(0);
    tf.dispose([tf.square(x), x]);
    engine.native!.startProfile();
    expect(engine.native!.stopProfile()).toEqual({});
  });
});

/** Everything of a step but convolution, on shapes that are worth several threads. Returns all that came out. */
function trainWithoutConvolution(engine: Engine): number[] {
  const rng = stream(3, 'threads');
  const draw = (...shape: number[]) =>
    tf.tidy(() =>
      tf.variable(
        tf.tensor(
          Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()),
          shape,
        ),
      ),
    );
  const [x, residual] = [draw(24, 30, 30, 24), draw(24, 30, 30, 24)];
  const [scale, offset, queue, k] = [draw(24), draw(24), draw(24, 5000), draw(24, 24)];
  const velocities = [draw(24, 30, 30, 24), draw(24), draw(24), draw(24, 30, 30, 24)];
  const parameters = [x, scale, offset, residual];
  const { loss, gradients } = engine.ops.computeGradients(() => {
    const { y } = engine.ops.batchNormTraining(x as unknown as tf.Tensor4D, {
      scale: scale as unknown as tf.Tensor1D,
      offset: offset as unknown as tf.Tensor1D,
      residual: residual as unknown as tf.Tensor4D,
      epsilon: 1e-5,
      splits: 2,
      relu: true,
    });
    return engine.ops.infoNce({
      q: tf.mean(y, [1, 2]) as tf.Tensor2D,
      k: k as unknown as tf.Tensor2D,
      queue: queue as unknown as tf.Tensor2D,
      temperature: 0.2,
    }).loss;
  }, parameters);
  engine.ops.sgdStep(parameters, gradients, velocities, { lr: 0.1, momentum: 0.9, weightDecay: 1e-4 });
  const all = [loss, ...gradients, ...parameters, ...velocities];
  const values = all.flatMap((tensor) => Array.from(tensor.dataSync()));
  tf.dispose([...all, queue, k]);
  return values;
}
