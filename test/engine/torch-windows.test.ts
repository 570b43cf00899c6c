// Convolutions and pools of the torch engine over every window that tfjs describes, as kernels, against plain
// loops in float64; in bfloat16; and what is kept with a handle and must not outlive a value.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import type { TorchBackend } from '../../src/engine/torch/backend.ts';
import { placePool, placeWindow } from '../../src/engine/torch/window.ts';
import {
  referenceAvgPool,
  referenceConvolution,
  referenceMaxPool,
  type WindowCase,
} from '../helpers/reference-windows.ts';

let draws = 0;
function random(...shape: number[]): Float32Array {
  const rng = stream(2, 'torch-windows', draws++);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal());
}

/** Worst difference over the largest number. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let [scale, worst] = [1, 0];
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  }
  return worst / scale;
}

function run(kernel: string, inputs: { [name: string]: tf.Tensor }, attrs: object): ArrayLike<number> {
  return tf.tidy(() =>
    (tf.engine().runKernel(kernel, inputs, attrs as tf.NamedAttrMap) as tf.Tensor).dataSync(),
  );
}

describe('windows', () => {
  const place = (attrs: object, kernel: readonly [number, number] = [3, 3], shape = [1, 5, 6, 2]) =>
    placeWindow(shape, kernel, { strides: 1, pad: 0, ...attrs }).output;

  test('stand where tfjs puts them', () => {
    expect(place({ pad: 'valid' })).toEqual([3, 4]);
    expect(place({ pad: 'same', strides: [2, 4] })).toEqual([3, 2]);
    expect(place({ pad: 1, strides: 2 })).toEqual([3, 3]);
    expect(place({ pad: 1, strides: 2, dimRoundingMode: 'ceil' })).toEqual([3, 4]);
    expect(place({ pad: [[0, 0], [1, 2], [0, 3], [0, 0]] })).toEqual([6, 7]); // biome-ignore format: pairs
    expect(place({ pad: 'valid', dilations: 2 })).toEqual([1, 2]);
    expect(place({ dataFormat: 'NCHW' }, [3, 3], [1, 2, 5, 6])).toEqual([3, 4]);
  });

  test('round each axis by its own size when padding is a number', () => {
    expect(place({ pad: 1, strides: [1, 2] }, [1, 3])).toEqual([7, 3]);
  });

  test.each([
    [{ pad: -1 }, "padding is 'same', 'valid', a whole number or a pair for each axis, not -1"],
    [{ pad: 0.5 }, "padding is 'same', 'valid', a whole number or a pair for each axis, not 0.5"],
    [{ pad: 'full' }, `padding is 'same', 'valid', a whole number or a pair for each axis, not "full"`],
    [{ strides: 0 }, 'strides are whole numbers from 1 on, not 0'],
    [{ dilations: [1, 1.5] }, 'dilations are whole numbers from 1 on, not [1,1.5]'],
    [{ dataFormat: 'CHWN' }, 'the data format is NHWC or NCHW, not CHWN'],
    [{ dilations: 4 }, 'a window of [3,3] does not fit images of [5,6]'],
  ])('that cannot be are refused by name: %o', (attrs, message) => {
    expect(() => place(attrs)).toThrow(message);
  });

  test('of pools are small enough to number their pixels', () => {
    expect(() => placePool([1, 300, 300, 1], { filterSize: 256, strides: 1, pad: 0 })).toThrow(
      "a pool's window has at most 65534 pixels, not [256,256]",
    );
  });
});

/** Attributes as tfjs has them, and the window that they mean. */
interface Case extends WindowCase {
  readonly attrs: { readonly [name: string]: unknown };
}

const base = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], before: [0, 0] } as const;
const cases: readonly (Case & { readonly filters: number; readonly groups: number })[] = [
  {
    ...base,
    images: [2, 7, 5, 3],
    stride: [2, 2],
    before: [1, 1],
    output: [4, 3],
    filters: 5,
    groups: 1,
    attrs: { strides: 2, pad: 'same' },
  },
  {
    ...base,
    images: [1, 8, 6, 17],
    stride: [2, 2],
    output: [4, 3],
    filters: 19,
    groups: 1,
    attrs: { strides: 2, pad: 'same' },
  },
  {
    ...base,
    images: [2, 9, 11, 4],
    kernel: [2, 5],
    stride: [3, 2],
    before: [1, 2],
    output: [4, 6],
    filters: 6,
    groups: 2,
    attrs: { strides: [3, 2], pad: [[0, 0], [1, 1], [2, 2], [0, 0]] }, // biome-ignore format: pairs
  },
  {
    ...base,
    images: [1, 6, 7, 2],
    before: [2, 0],
    output: [6, 8],
    filters: 3,
    groups: 1,
    attrs: { strides: 1, pad: [[0, 0], [2, 0], [0, 3], [0, 0]] }, // biome-ignore format: pairs
  },
  {
    ...base,
    images: [2, 9, 9, 6],
    dilation: [2, 3],
    before: [2, 3],
    output: [9, 9],
    filters: 6,
    groups: 3,
    attrs: { strides: 1, pad: 'same', dilations: [2, 3] },
  },
  {
    ...base,
    images: [1, 6, 6, 3],
    stride: [2, 2],
    before: [1, 1],
    output: [4, 4],
    filters: 2,
    groups: 1,
    attrs: { strides: 2, pad: 1, dimRoundingMode: 'ceil' },
  },
  // Of 3x3 and stride 1: by tiles, whose last rows and columns hang over, and panels that are not full.
  {
    ...base,
    images: [4, 12, 11, 40],
    before: [1, 1],
    output: [12, 11],
    filters: 33,
    groups: 1,
    attrs: { strides: 1, pad: 'same' },
  },
  {
    ...base,
    images: [8, 12, 12, 32],
    output: [10, 10],
    filters: 64,
    groups: 1,
    attrs: { strides: 1, pad: 'valid' },
  },
  {
    ...base,
    images: [4, 11, 11, 33],
    before: [2, 0],
    output: [11, 12],
    filters: 32,
    groups: 1,
    attrs: { strides: 1, pad: [[0, 0], [2, 0], [0, 3], [0, 0]] }, // biome-ignore format: pairs
  },
  // Channels that fill whole panels: the filter's gradient is a sum of outer products, in one part and in several.
  {
    ...base,
    images: [3, 23, 17, 64],
    stride: [2, 2],
    before: [1, 1],
    output: [12, 9],
    filters: 25,
    groups: 1,
    attrs: { strides: 2, pad: 1 },
  },
  {
    ...base,
    images: [2, 9, 20, 32],
    kernel: [2, 5],
    stride: [1, 3],
    dilation: [2, 1],
    output: [7, 6],
    filters: 13,
    groups: 1,
    attrs: { strides: [1, 3], pad: 'valid', dilations: [2, 1] },
  },
  {
    ...base,
    images: [20, 16, 15, 32],
    kernel: [1, 1],
    stride: [2, 2],
    output: [8, 8],
    filters: 200,
    groups: 1,
    attrs: { strides: 2, pad: 'valid' },
  },
  // The window stands in one place: a product of matrices, with the taps that meet the image.
  {
    ...base,
    images: [5, 1, 1, 7],
    before: [1, 1],
    output: [1, 1],
    filters: 9,
    groups: 1,
    attrs: { strides: 1, pad: 1 },
  },
  {
    ...base,
    images: [3, 2, 1, 4],
    kernel: [4, 3],
    stride: [2, 2],
    before: [1, 2],
    output: [1, 1],
    filters: 35,
    groups: 1,
    attrs: { strides: 2, pad: [[0, 0], [1, 1], [2, 0], [0, 0]] }, // biome-ignore format: pairs
  },
];

describe.skipIf(!readInstalledAddon())('the torch engine', () => {
  let backend: TorchBackend;
  beforeAll(async () => {
    await createEngine('torch');
    backend = tf.backend() as TorchBackend;
  });

  test.each(cases)('convolves over any window, with its gradients: %o', (given) => {
    const { images, kernel, output, filters, groups, attrs } = given;
    const shape = [...kernel, images[3] / groups, filters] as [number, number, number, number];
    const out = [images[0], ...output, filters] as [number, number, number, number];
    const [x, filter, dy] = [random(...images), random(...shape), random(...out)];
    const expected = referenceConvolution(given, { x, filter, dy });
    const inputs = { x: tf.tensor(x, [...images]), filter: tf.tensor(filter, shape), dy: tf.tensor(dy, out) };
    const { x: xs, filter: fs, dy: dys } = inputs;
    expect(distance(run('Conv2D', { x: xs, filter: fs }, attrs), expected.y)).toBeLessThan(2e-5);
    const dx = run('Conv2DBackpropInput', { dy: dys, filter: fs }, { ...attrs, inputShape: [...images] });
    expect(distance(dx, expected.dx)).toBeLessThan(2e-5);
    const dFilter = run('Conv2DBackpropFilter', { x: xs, dy: dys }, { ...attrs, filterShape: shape });
    expect(distance(dFilter, expected.dFilter)).toBeLessThan(2e-5);
    tf.dispose(inputs);
  });

  test.each(cases)('gives the same in NCHW: %o', ({ images, kernel, output, filters, groups, attrs }) => {
    const shape = [...kernel, images[3] / groups, filters];
    const pad = attrs.pad;
    const turned = {
      ...attrs,
      dataFormat: 'NCHW',
      pad: Array.isArray(pad) ? [pad[0], pad[3], pad[1], pad[2]] : pad,
    };
    const x = tf.tensor(random(...images), [...images]);
    const filter = tf.tensor(random(...shape), shape);
    const dy = tf.tensor(random(images[0], ...output, filters), [images[0], ...output, filters]);
    const [xt, dyt] = [x, dy].map((tensor) => tf.transpose(tensor, [0, 3, 1, 2])) as [tf.Tensor, tf.Tensor];
    const back = (values: ArrayLike<number>, like: tf.Tensor) =>
      tf.tidy(() => tf.transpose(tf.tensor(values as Float32Array, like.shape), [0, 2, 3, 1]).dataSync());
    expect(distance(back(run('Conv2D', { x: xt, filter }, turned), dyt), run('Conv2D', { x, filter }, attrs))).toBeLessThan(1e-6); // biome-ignore format: one claim
    const dx = run('Conv2DBackpropInput', { dy: dyt, filter }, { ...turned, inputShape: xt.shape });
    const straight = run('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape });
    expect(distance(back(dx, xt), straight)).toBeLessThan(1e-6);
    tf.dispose([x, filter, dy, xt, dyt]);
  });

  test('tiles give the same bits on any number of threads, with their gradients', () => {
    const [shape, filterShape, out] = [[4, 14, 14, 64], [3, 3, 64, 96], [4, 14, 14, 96]]; // biome-ignore format: shapes
    const x = tf.tensor(random(...shape!), shape);
    const filter = tf.tensor(random(...filterShape!), filterShape);
    const dy = tf.tensor(random(...out!), out);
    const attrs = { strides: 1, pad: 'same' };
    const { threads } = backend.addon.describe();
    const [alone, together] = [1, 3].map((count) => {
      backend.addon.setThreads(count);
      return [
        run('Conv2D', { x, filter }, attrs),
        run('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: shape }),
        run('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape }),
      ];
    });
    backend.addon.setThreads(threads);
    expect(together).toEqual(alone);
    tf.dispose([x, filter, dy]);
  });

  test('a depthwise convolution gives each channel its own filters', () => {
    const given = { ...cases[0]!, images: [2, 7, 5, 4] as const, filters: 8, groups: 4 };
    const shape = [3, 3, 4, 2];
    const [x, filter, dy] = [random(...given.images), random(...shape), random(2, 4, 3, 8)];
    const expected = referenceConvolution(given, { x, filter, dy });
    const tensors = [
      tf.tensor(x, [...given.images]),
      tf.tensor(filter, shape),
      tf.tensor(dy, [2, 4, 3, 8]),
    ] as const;
    const [xs, fs, dys] = tensors;
    const attrs = { strides: 2, pad: 'same' };
    expect(distance(run('DepthwiseConv2dNative', { x: xs, filter: fs }, attrs), expected.y)).toBeLessThan(
      2e-5,
    );
    const dx = run(
      'DepthwiseConv2dNativeBackpropInput',
      { dy: dys, filter: fs },
      { ...attrs, inputShape: xs.shape },
    );
    expect(distance(dx, expected.dx)).toBeLessThan(2e-5);
    const dFilter = run(
      'DepthwiseConv2dNativeBackpropFilter',
      { x: xs, dy: dys },
      { ...attrs, filterShape: shape },
    );
    expect(distance(dFilter, expected.dFilter)).toBeLessThan(2e-5);
    expect(distance(fs.dataSync(), filter)).toBe(0); // Its memory was relaid, its values were not.
    tf.dispose([...tensors]);
  });

  test.each(cases.filter(({ dilation }) => dilation[0] === 1))(
    'pools over any window, with its gradients: %o',
    (given) => {
      const { images, kernel, output, attrs } = given;
      // Coarse, so that there are ties; with a NaN, which never wins.
      const x = random(...images).map((value) => Math.round(value * 2) / 2);
      x[4] = Number.NaN;
      const out = [images[0], ...output, images[3]] as [number, number, number, number];
      const dy = random(...out);
      const all = { ...attrs, filterSize: [...kernel] };
      const input = tf.tensor(x, [...images]);
      const dys = tf.tensor(dy, out);
      const expected = referenceMaxPool(given, x, dy);
      const y = tf
        .engine()
        .runKernel('MaxPool', { x: input }, all as unknown as tf.NamedAttrMap) as tf.Tensor;
      const largest = y.dataSync();
      expect([...largest]).toEqual([...expected.y]);
      expect(distance(run('MaxPoolGrad', { dy: dys, input, output: y }, all), expected.dx)).toBeLessThan(
        1e-6,
      );
      // An output that is somebody else's has no winners with it.
      const copy = tf.tensor(largest as Float32Array, out);
      expect(distance(run('MaxPoolGrad', { dy: dys, input, output: copy }, all), expected.dx)).toBeLessThan(
        1e-6,
      );
      x[4] = 1;
      const clean = tf.tensor(x, [...images]);
      const means = referenceAvgPool(given, x, dy);
      expect(distance(run('AvgPool', { x: clean }, all), means.y)).toBeLessThan(1e-6);
      expect(distance(run('AvgPoolGrad', { dy: dys, input: clean }, all), means.dx)).toBeLessThan(1e-6);
      tf.dispose([input, dys, y, copy, clean]);
    },
  );

  test('max-pooling numbers the pixels of windows that a byte cannot', () => {
    const given = { ...base, images: [1, 18, 19, 2], kernel: [16, 17], output: [3, 3] } as const;
    const [x, dy] = [random(...given.images), random(1, 3, 3, 2)];
    const expected = referenceMaxPool(given, x, dy);
    const attrs = { filterSize: [16, 17], strides: 1, pad: 'valid' };
    const [input, dys] = [tf.tensor(x, [...given.images]), tf.tensor(dy, [1, 3, 3, 2])] as const;
    const y = tf.engine().runKernel('MaxPool', { x: input }, attrs) as tf.Tensor;
    expect(distance(y.dataSync(), expected.y)).toBe(0);
    expect(distance(run('MaxPoolGrad', { dy: dys, input, output: y }, attrs), expected.dx)).toBeLessThan(
      1e-6,
    );
    tf.dispose([input, dys, y]);
  });

  test('the winners of one window are not taken for those of another', () => {
    const x = tf.tensor(random(1, 6, 6, 1), [1, 6, 6, 1]);
    const y = tf
      .engine()
      .runKernel('MaxPool', { x }, { filterSize: 3, strides: 1, pad: 'same' }) as tf.Tensor;
    const attrs = { filterSize: 5, strides: 1, pad: 'same' };
    const other = tf.engine().runKernel('MaxPool', { x }, attrs) as tf.Tensor;
    const dy = tf.ones([1, 6, 6, 1]);
    expect(run('MaxPoolGrad', { dy, input: x, output: y }, attrs)).toEqual(
      run('MaxPoolGrad', { dy, input: x, output: other }, attrs),
    );
    tf.dispose([x, y, other, dy]);
  });

  test('int32 is pooled without going through floats', () => {
    const large = 2 ** 30 + 1;
    const y = tf.tidy(() => tf.maxPool(tf.tensor4d([large, 1, -5, 7], [1, 2, 2, 1], 'int32'), 2, 2, 0));
    expect([...y.dataSync()]).toEqual([large]);
    expect(y.dtype).toBe('int32');
    y.dispose();
  });

  test('shapes and types that do not fit are refused by name', () => {
    const tensors = [tf.zeros([1, 4, 4, 3]), tf.zeros([3, 3, 2, 5]), tf.zeros([1, 9, 9, 5])] as const;
    const [x, filter, dy] = tensors;
    const attrs = { strides: 1, pad: 0 };
    expect(() => run('Conv2D', { x, filter }, attrs)).toThrow(
      'Conv2D(x float32 [1,4,4,3], filter float32 [3,3,2,5]): the images have 3 channels, the filter wants 2',
    );
    expect(() => run('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: [3, 3, 3, 5] })).toThrow(
      'dy should be [1,2,2,5], not [1,9,9,5]',
    );
    expect(() => run('AvgPool', { x: tf.zeros([1, 4, 4, 3], 'int32') }, { ...attrs, filterSize: 2 })).toThrow(
      'x is float32, not int32',
    );
    tf.dispose([...tensors]);
  });

  /** The addon alone knows bfloat16: 4 is its number. */
  const [FLOAT, HALF] = [0, 4];

  test('convolutions and pools compute in bfloat16 where the images are', () => {
    const { addon } = backend;
    const given = {
      ...base,
      images: [2, 8, 8, 16],
      before: [1, 1],
      output: [8, 8],
      filters: 16,
      groups: 1,
    } as const;
    const packed = placeWindow(given.images, given.kernel, { strides: 1, pad: 1 }).pack();
    const [x, filter, dy] = [random(2, 8, 8, 16), random(3, 3, 16, 16), random(2, 8, 8, 16)];
    const expected = referenceConvolution(given, { x, filter, dy });
    const halve = (values: Float32Array, shape: number[]) => addon.Cast(addon.fromHost(values, shape), HALF);
    const read = (handle: number) => new Float32Array(addon.toHost(addon.Cast(handle, FLOAT)));
    const [xs, dys] = [halve(x, [2, 8, 8, 16]), halve(dy, [2, 8, 8, 16])];
    const master = addon.fromHost(filter, [3, 3, 16, 16]);
    expect(distance(read(addon.Conv2D(xs, master, packed)), expected.y)).toBeLessThan(0.02);
    expect(distance(read(addon.Conv2DBackpropInput(dys, master, packed, [...given.images])), expected.dx)).toBeLessThan(0.02); // biome-ignore format: one claim
    const dFilter = addon.Conv2DBackpropFilter(xs, dys, packed, [3, 3, 16, 16]);
    expect(distance(new Float32Array(addon.toHost(dFilter)), expected.dFilter)).toBeLessThan(0.02); // float32 already
    const y = addon.MaxPool(xs, packed);
    const pooled = referenceMaxPool(given, read(xs), read(dys));
    expect(distance(read(y), pooled.y)).toBe(0);
    expect(distance(read(addon.MaxPoolGrad(dys, xs, y, packed)), pooled.dx)).toBeLessThan(0.01);
    const means = referenceAvgPool(given, read(xs), read(dys));
    expect(distance(read(addon.AvgPool(xs, packed)), means.y)).toBeLessThan(0.01);
    expect(distance(read(addon.AvgPoolGrad(dys, packed, [...given.images])), means.dx)).toBeLessThan(0.01);
  });

  test('a filter that is updated in place convolves with its new values, in bfloat16 too', () => {
    const { addon } = backend;
    const packed = placeWindow([1, 4, 4, 2], [1, 1], { strides: 1, pad: 0 }).pack();
    const ones = addon.fromHost(new Float32Array(32).fill(1), [1, 4, 4, 2]);
    const filter = addon.fromHost(Float32Array.of(1, 2, 3, 4), [1, 1, 2, 2]);
    const gradient = addon.fromHost(Float32Array.of(1, 1, 1, 2), [1, 1, 2, 2]);
    const speed = addon.fromHost(new Float32Array(4), [1, 1, 2, 2]);
    const first = (type: number) => {
      const y = addon.Cast(addon.Conv2D(addon.Cast(ones, type), filter, packed), FLOAT);
      return [...new Float32Array(addon.toHost(y)).slice(0, 2)];
    };
    expect([first(FLOAT), first(HALF)]).toEqual([[4, 6], [4, 6]]); // biome-ignore format: pairs
    const lr = addon.fromHost(Float32Array.of(1), []);
    addon.SgdStep([filter], [gradient], [speed], lr, 0, 0);
    expect([first(FLOAT), first(HALF)]).toEqual([[2, 3], [2, 3]]); // biome-ignore format: pairs
  });

  test('one thread and two give the same bits', () => {
    const { addon } = backend;
    const x = addon.fromHost(random(3, 40, 41, 64), [3, 40, 41, 64]);
    const packed = placePool([3, 40, 41, 64], { filterSize: 3, strides: 2, pad: 1 }).pack();
    const threads = addon.describe().threads;
    const compute = (count: number) => {
      addon.setThreads(count);
      const y = addon.MaxPool(x, packed);
      return [y, addon.MaxPoolGrad(y, x, y, packed), addon.AvgPool(x, packed)].map((handle) =>
        addon.toHost(handle),
      );
    };
    expect(compute(1)).toEqual(compute(2));
    addon.setThreads(threads);
  });
});
