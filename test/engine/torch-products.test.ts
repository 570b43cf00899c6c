// Products of matrices on the torch engine, which need no BLAS: of sizes on both sides of every tile, block and
// panel, in every order of memory, against sums in float64.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import type { TorchBackend } from '../../src/engine/torch/backend.ts';
import { createExpectClose } from '../helpers/expect-close.ts';

const expectClose = createExpectClose(2e-6);
const rng = stream(7, 'torch-products');
const random = (count: number) => Float32Array.from({ length: count }, () => rng.normal());

/** a [rows, inner] b [inner, columns] in float64. */
function sumProducts(a: Float32Array, b: Float32Array, [rows, inner, columns]: Size): Float64Array {
  const sums = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < inner; i++)
      for (let column = 0; column < columns; column++)
        sums[row * columns + column]! += a[row * inner + i]! * b[i * columns + column]!;
  return sums;
}

/** Rows, inner, columns. */
type Size = readonly [number, number, number];
const sizes: readonly Size[] = [
  [1, 1, 1],
  [13, 7, 31],
  [12, 512, 32],
  [17, 513, 33],
  [389, 3, 65],
  [25, 1100, 130],
  [205, 400, 300],
];

describe.skipIf(!readInstalledAddon())('the torch engine', () => {
  let backend: TorchBackend;
  beforeAll(async () => {
    await createEngine('torch');
    backend = tf.backend() as TorchBackend;
  });

  test.each(sizes)('multiplies [%i, %i] by %i columns, whichever is transposed', (...size) => {
    const [rows, inner, columns] = size;
    const [a, b] = [random(rows * inner), random(inner * columns)];
    const expected = sumProducts(a, b, size);
    for (const transposeA of [false, true])
      for (const transposeB of [false, true]) {
        const actual = tf.tidy(() => {
          const [left, right] = [tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns])];
          const [x, y] = [transposeA ? tf.transpose(left) : left, transposeB ? tf.transpose(right) : right];
          return tf.matMul(x, y, transposeA, transposeB).dataSync();
        });
        expectClose(actual, expected);
      }
  });

  test('gives the same bits on any number of threads', () => {
    const [a, b] = [tf.tensor2d(random(400 * 600), [400, 600]), tf.tensor2d(random(600 * 90), [600, 90])];
    const turned = tf.transpose(a);
    const multiply = () =>
      tf.tidy(() => [tf.matMul(a, b), tf.matMul(turned, b, true)].map((each) => each.dataSync()));
    const { threads } = backend.addon.describe();
    backend.addon.setThreads(1);
    const alone = multiply();
    backend.addon.setThreads(3);
    const together = multiply();
    backend.addon.setThreads(threads);
    expect(together).toEqual(alone);
    tf.dispose([a, b, turned]);
  });

  test('keeps what is not a number, and sums nothing to 0', () => {
    const multiply = (a: number[][], b: number[][]) =>
      Array.from(tf.tidy(() => tf.matMul(tf.tensor2d(a), tf.tensor2d(b)).dataSync()));
    expect(multiply([[0, 1], [1, 2]], [[Number.NaN], [1]])).toEqual([Number.NaN, Number.NaN]); // biome-ignore format: rows
    expect(multiply([[Number.POSITIVE_INFINITY, 0]], [[1], [1]])).toEqual([Number.POSITIVE_INFINITY]);
    const empty = tf.tidy(() => tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).dataSync());
    expect(Array.from(empty)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
