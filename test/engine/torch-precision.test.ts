// Precisions: bf16 learns as fp32 does, in half of the memory; what an engine can't do is refused.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permutation, stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { createMoco } from '../../src/moco/moco.ts';
import { catchProblems } from '../helpers/catch-problems.ts';

const STEPS = 50;
const BATCH = 64;
const SIZE = 16;
const LR = 0.01;
const RUNS = 4;

/**
 * Losses of MoCo on patterns whose two views differ by noise: the same for every engine. `brightness` scales them.
 */
async function train(engine: Engine, brightness: number): Promise<number[]> {
  const moco = createMoco({
    engine,
    model: { arch: 'resnet18', stem: 'cifar', width: 8, bn: 'plain' },
    moco: {
      dim: 16,
      queueSize: 256,
      keyMomentum: 0.9,
      temperature: 0.2,
      mlp: true,
      symmetric: false,
      shuffleBn: true,
    },
    optimizer: { lr: LR, momentum: 0.9, weightDecay: 1e-4 },
    seed: 3,
  });
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const [queries, keys] = [drawView(step, 0, brightness), drawView(step, 1, brightness)];
    const order = permutation(stream(5, 'order', step), BATCH);
    losses.push((await moco.trainStep({ queries, keys, order, lr: LR })).loss);
    tf.dispose([queries, keys]);
  }
  moco.dispose();
  return losses;
}

/** Runs whose images differ by 1e-5: one float32 run is up to 2% from another, so a precision is judged by their mean. */
async function trainOften(engine: Engine): Promise<number[][]> {
  const runs: number[][] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await train(engine, 1 + run * 1e-5));
  return runs;
}

/** Each image is a pattern of coloured blocks of its own; its views differ by noise. */
function drawView(step: number, view: number, brightness: number): tf.Tensor4D {
  const [image, noise] = [stream(7, 'image', step), stream(7, 'noise', step, view)];
  const blocks = Float32Array.from({ length: BATCH * 16 * 3 }, () => image.normal());
  const values = Float32Array.from({ length: BATCH * SIZE * SIZE * 3 }, (_, i) => {
    const [channel, pixel] = [i % 3, Math.floor(i / 3)];
    const [x, y, n] = [pixel % SIZE, Math.floor(pixel / SIZE) % SIZE, Math.floor(pixel / SIZE ** 2)];
    const block = (n * 4 + Math.floor(y / 4)) * 4 + Math.floor(x / 4);
    return brightness * (blocks[block * 3 + channel]! + 0.1 * noise.normal());
  });
  return tf.tensor4d(values, [BATCH, SIZE, SIZE, 3]);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value) / values.length;

describe.skipIf(!readInstalledAddon())('bf16 on the engine torch', () => {
  let losses: number[][];
  let fp32: number[][];
  beforeAll(async () => {
    fp32 = await trainOften(await createEngine('torch', { device: 'cpu' }));
    losses = await trainOften(await createEngine('torch', { precision: 'bf16' }));
  }, 120_000);
  afterAll(async () => {
    await createEngine('torch', { precision: 'fp32' });
  });

  test('stays within 2% of the loss of fp32 over 50 steps', () => {
    expect(Math.abs(mean(losses.flat()) / mean(fp32.flat()) - 1)).toBeLessThan(0.02);
    // Both have learned to tell images apart, so that agreement means something; chance is ln 257 = 5.55.
    expect(mean(fp32[0]!.slice(-10))).toBeLessThan(3);
    expect(losses).not.toEqual(fp32);
  });

  test('keeps activations in half of the bytes, and hands them out as float32', async () => {
    const engine = await createEngine('torch', { precision: 'bf16' });
    const x = tf.tensor4d(Float32Array.of(1, 2, 1 / 3, 4), [1, 2, 2, 1]);
    const filter = tf.tensor4d(Float32Array.of(1), [1, 1, 1, 1]);
    const before = engine.memory().bytes;
    const y = engine.ops.conv2d(x, filter, { stride: 1, padding: 0 });
    expect(y.dtype).toBe('float32');
    expect(engine.memory().bytes - before).toBe(2 * y.size);
    const values = await y.data();
    expect(values).toBeInstanceOf(Float32Array);
    expect([...values]).toEqual([1, 2, 0.333984375, 4]); // 1/3 to 8 bits
    tf.dispose([x, filter, y]);
  });

  test('keeps means, gradients and weights in float32: an update that bfloat16 would lose is kept', async () => {
    const engine = await createEngine('torch', { precision: 'bf16' });
    const x = tf.tensor4d(Float32Array.of(1, 1, 1), [3, 1, 1, 1]);
    const filter = tf.variable(tf.tensor4d(Float32Array.of(1), [1, 1, 1, 1]));
    const velocity = tf.variable(tf.zerosLike(filter as tf.Tensor));
    // The sum of 1, 1 and 1/1024 needs more bits than bfloat16 has.
    const factor = tf.tensor4d(Float32Array.of(1, 1, 2 ** -10), [3, 1, 1, 1]);
    const { loss, gradients } = engine.ops.computeGradients(
      () =>
        tf.sum(tf.mul(engine.ops.conv2d(x, filter as never, { stride: 1, padding: 0 }), factor)) as tf.Scalar,
      [filter],
    );
    expect((await loss.data())[0]).toBe(2 + 2 ** -10);
    engine.ops.sgdStep([filter], gradients, [velocity], { lr: 2 ** -12, momentum: 0, weightDecay: 0 });
    expect((await filter.data())[0]).toBeCloseTo(1 - 2 ** -11, 5);
    // The next convolution reads the new weight, not the rounded copy of the old one.
    engine.ops.sgdStep([filter], gradients, [velocity], { lr: 0.5, momentum: 0, weightDecay: 0 });
    const y = engine.ops.conv2d(x, filter as never, { stride: 1, padding: 0 });
    expect((await y.data())[0]).toBeCloseTo(0, 2);
    tf.dispose([x, filter, velocity, factor, loss, ...gradients, y]);
  });

  test('mixes with float32 in every elementwise operation', async () => {
    const engine = await createEngine('torch', { precision: 'bf16' });
    const x = tf.tensor4d(Float32Array.of(1, 4), [1, 1, 2, 1]);
    const one = tf.tensor4d(Float32Array.of(1), [1, 1, 1, 1]);
    const y = engine.ops.conv2d(x, one, { stride: 1, padding: 0 });
    const third = tf.tensor4d(Float32Array.of(1 / 3, 1 / 3), [1, 1, 2, 1]);
    const f = Math.fround;
    expect([...(await tf.add(y, third).data())]).toEqual([f(1 + f(1 / 3)), f(4 + f(1 / 3))]);
    expect([...(await tf.mul(third, y).data())]).toEqual([f(1 / 3), f(4 * f(1 / 3))]);
    expect([...(await tf.div(third, y).data())]).toEqual([f(1 / 3), f(f(1 / 3) / 4)]);
    expect([...(await tf.sqrt(y).data())]).toEqual([1, 2]);
    tf.dispose([x, one, y, third]);
  });
});

test.skipIf(!readInstalledAddon())('tf32 is a permission that a CPU leaves unused, and says so', async () => {
  const { description } = await createEngine('torch', { precision: 'tf32', device: 'cpu' });
  expect(description).toMatchObject({ precision: 'fp32 (tf32 is for GPUs)' });
  expect((await createEngine('torch', { device: 'cpu' })).description).toMatchObject({ precision: 'fp32' });
});

test.skipIf(!readInstalledAddon())(
  'too little memory is a problem that names the op and what to lower',
  async () => {
    await createEngine('torch', { device: 'cpu' });
    const [column, row] = [tf.zeros([2 ** 23, 1]), tf.zeros([1, 2 ** 23])];
    const [problem] = catchProblems(() => tf.add(column, row));
    expect({ ...problem, message: problem!.message.replace(/but [\d.]+ GB/, 'but N GB') }).toEqual({
      code: 'ENGINE_OUT_OF_MEMORY',
      message:
        'Expected Add(a float32 [8388608,1], b float32 [1,8388608]) to find memory on the CPU but N GB are in use and no more is free.',
      hint: 'Lower batchSize, or use --set precision=bf16, which halves the activations.',
    });
    tf.dispose([column, row]);
  },
);

test('bf16 is refused by an engine that computes in float32 alone', async () => {
  await expect(createEngine('cpu', { precision: 'bf16' })).rejects.toMatchObject({
    problems: [
      {
        code: 'ENGINE_PRECISION',
        message: 'Expected an engine that computes in bf16 but cpu computes in float32 alone.',
        hint: 'Use the engine torch for bf16, or --set precision=fp32.',
      },
    ],
  });
});

test('a GPU is refused by an engine for CPUs', async () => {
  await expect(createEngine('cpu', { device: 'cuda' })).rejects.toMatchObject({
    problems: [
      {
        code: 'ENGINE_DEVICE',
        message: 'Expected an engine that computes on a GPU but cpu computes on the CPU.',
        hint: 'Use the engine torch, built against a libtorch for CUDA: `moco engine install torch`.',
      },
    ],
  });
});

test('tf32 starts on every engine', async () => {
  expect((await createEngine('cpu', { precision: 'tf32' })).name).toBe('cpu');
});
