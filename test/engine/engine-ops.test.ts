// One suite over every engine and operation, forward and gradient, against plain loops in float64.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { referenceBatchNorm, referenceConv2d, referenceMaxPool } from '../../src/engine/reference-ops.ts';
import * as tf from '../../src/engine/tf.ts';
import { availableEngines } from '../helpers/available-engines.ts';
import { createExpectClose } from '../helpers/expect-close.ts';

let draws = 0;
function random(...shape: number[]): Float32Array {
  const rng = stream(1, 'engine-ops', draws++);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal());
}

const expectClose = createExpectClose(2e-5);

describe.each(availableEngines)('engine %s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine(name);
  });
  afterAll(() => {
    expect(engine.memory().tensors).toBe(0);
  });

  /** Value of f, and gradients of sum(f * weight) by the given inputs. */
  function differentiate(f: () => tf.Tensor, inputs: readonly tf.Variable[], weight: Float32Array) {
    let value: Float32Array | undefined;
    const { loss, gradients } = engine.ops.computeGradients(() => {
      const y = f();
      value = y.dataSync() as Float32Array;
      return tf.sum(tf.mul(y, tf.tensor(weight, y.shape))) as tf.Scalar;
    }, inputs);
    const read = gradients.map((gradient) => gradient.dataSync() as Float32Array);
    tf.dispose([loss, ...gradients]);
    return { value: value!, gradients: read };
  }

  function variables(...tensors: readonly (readonly [Float32Array, readonly number[]])[]): tf.Variable[] {
    return tensors.map(([values, shape]) => tf.tidy(() => tf.variable(tf.tensor(values, [...shape]))));
  }

  test.each([
    { n: 2, h: 7, w: 6, c: 3, k: 4, kernel: 3, stride: 1, padding: 1 },
    { n: 2, h: 8, w: 8, c: 3, k: 4, kernel: 3, stride: 2, padding: 1 },
    { n: 1, h: 9, w: 7, c: 2, k: 5, kernel: 3, stride: 2, padding: 1 },
    { n: 3, h: 8, w: 8, c: 4, k: 6, kernel: 1, stride: 1, padding: 0 },
    { n: 2, h: 8, w: 8, c: 4, k: 6, kernel: 1, stride: 2, padding: 0 },
    { n: 2, h: 7, w: 7, c: 4, k: 2, kernel: 1, stride: 2, padding: 0 },
    { n: 2, h: 16, w: 16, c: 3, k: 4, kernel: 7, stride: 2, padding: 3 },
    { n: 1, h: 15, w: 13, c: 3, k: 4, kernel: 7, stride: 2, padding: 3 },
    { n: 2, h: 5, w: 5, c: 2, k: 3, kernel: 3, stride: 1, padding: 0 },
    { n: 2, h: 1, w: 1, c: 8, k: 8, kernel: 3, stride: 1, padding: 1 },
    { n: 2, h: 2, w: 2, c: 4, k: 4, kernel: 3, stride: 2, padding: 1 },
    { n: 2, h: 7, w: 7, c: 2, k: 3, kernel: 3, stride: 3, padding: 1 },
    { n: 2, h: 6, w: 6, c: 8, k: 4, kernel: 3, stride: 2, padding: 1, groups: 2 },
  ])('conv2d and its gradients are exact: %o', (shape) => {
    const { n, h, w, c, k, kernel, stride, padding, groups = 1 } = shape;
    const x = random(n, h, w, c);
    const filter = random(kernel, kernel, c / groups, k);
    const out = [h, w].map((size) => Math.floor((size + 2 * padding - kernel) / stride) + 1);
    const weight = random(n, out[0]!, out[1]!, k);
    const expected = referenceConv2d({ ...shape, groups, x, filter, dy: weight });
    const inputs = variables([x, [n, h, w, c]], [filter, [kernel, kernel, c / groups, k]]);
    const actual = differentiate(
      () =>
        engine.ops.conv2d(inputs[0] as unknown as tf.Tensor4D, inputs[1] as unknown as tf.Tensor4D, {
          stride,
          padding,
          groups,
        }),
      inputs,
      weight,
    );
    expectClose(actual.value, expected.y);
    expectClose(actual.gradients[0]!, expected.dx);
    expectClose(actual.gradients[1]!, expected.dFilter);
    tf.dispose(inputs);
  });

  test.each([
    { n: 2, h: 8, w: 8, c: 3, size: 3, stride: 2, padding: 1 },
    { n: 1, h: 7, w: 5, c: 2, size: 3, stride: 2, padding: 1 },
    { n: 2, h: 6, w: 6, c: 2, size: 2, stride: 2, padding: 0 },
  ])('maxPool never lets padding win, and sends the gradient to the first largest: %o', (shape) => {
    const { n, h, w, c, size, stride, padding } = shape;
    // Negative everywhere, and coarse, so that there are ties.
    const x = random(n, h, w, c).map((value) => Math.round(value * 2) / 2 - 10);
    const out = [h, w].map((side) => Math.floor((side + 2 * padding - size) / stride) + 1);
    const weight = random(n, out[0]!, out[1]!, c);
    const expected = referenceMaxPool({ ...shape, x, dy: weight });
    const inputs = variables([x, [n, h, w, c]]);
    const actual = differentiate(
      () => engine.ops.maxPool(inputs[0] as unknown as tf.Tensor4D, { size, stride, padding }),
      inputs,
      weight,
    );
    expectClose(actual.value, expected.y, 1e-7);
    expectClose(actual.gradients[0]!, expected.dx);
    tf.dispose(inputs);
  });

  test.each([
    { n: 4, h: 3, w: 5, c: 6, splits: 1, relu: false, residual: false },
    { n: 4, h: 3, w: 5, c: 6, splits: 1, relu: true, residual: false },
    { n: 4, h: 4, w: 4, c: 3, splits: 1, relu: true, residual: true },
    { n: 4, h: 2, w: 3, c: 5, splits: 2, relu: true, residual: true },
    { n: 8, h: 1, w: 1, c: 4, splits: 4, relu: false, residual: true },
  ])('training BatchNorm and its gradients are exact: %o', (shape) => {
    const { n, h, w, c, splits, relu } = shape;
    const x = random(n, h, w, c).map((value) => value * 3 + 5);
    const [scale, offset] = [random(c), random(c)];
    const residual = shape.residual ? random(n, h, w, c) : undefined;
    const weight = random(n, h, w, c);
    const expected = referenceBatchNorm({
      rows: n * h * w,
      channels: c,
      splits,
      relu,
      x,
      scale,
      offset,
      residual,
      dy: weight,
    });
    const inputs = variables(
      [x, [n, h, w, c]],
      [scale, [c]],
      [offset, [c]],
      ...(residual ? [[residual, [n, h, w, c]] as const] : []),
    );
    const [xv, scaleV, offsetV, residualV] = inputs as unknown as [
      tf.Tensor4D,
      tf.Tensor1D,
      tf.Tensor1D,
      tf.Tensor4D,
    ];
    let statistics: Float32Array[] = [];
    const actual = differentiate(
      () => {
        const { y, mean, variance } = engine.ops.batchNormTraining(xv, {
          scale: scaleV,
          offset: offsetV,
          epsilon: 1e-5,
          splits,
          relu,
          ...(residual ? { residual: residualV } : {}),
        });
        statistics = [mean.dataSync() as Float32Array, variance.dataSync() as Float32Array];
        return y;
      },
      inputs,
      weight,
    );
    expectClose(actual.value, expected.y);
    expectClose(statistics[0]!, expected.mean);
    expectClose(statistics[1]!, expected.variance);
    expectClose(actual.gradients[0]!, expected.dx);
    expectClose(actual.gradients[1]!, expected.dScale);
    expectClose(actual.gradients[2]!, expected.dOffset);
    if (residual) expectClose(actual.gradients[3]!, expected.dResidual);
    tf.dispose(inputs);
  });

  test('eval BatchNorm uses the running statistics it is given', () => {
    const y = tf.tidy(() =>
      engine.ops
        .batchNormInference(tf.tensor4d([1, 2, -3, 4], [1, 1, 2, 2]), {
          scale: tf.tensor1d([2, 1]),
          offset: tf.tensor1d([0, 1]),
          mean: tf.tensor1d([1, 2]),
          variance: tf.tensor1d([4, 0.25]),
          epsilon: 0,
          relu: true,
        })
        .dataSync(),
    );
    expectClose(y, [0, 1, 0, 5]);
  });

  test('linear is x W + b, with its gradients', () => {
    const [x, weight, bias, dy] = [random(5, 7), random(7, 3), random(3), random(5, 3)];
    const inputs = variables([x, [5, 7]], [weight, [7, 3]], [bias, [3]]);
    const [xv, wv, bv] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    const actual = differentiate(() => engine.ops.linear(xv, wv, bv), inputs, dy);
    const product = (f: (i: number, j: number) => number, rows: number, columns: number) =>
      Array.from({ length: rows * columns }, (_, at) => f(Math.floor(at / columns), at % columns));
    const dot = (length: number, f: (i: number) => number) =>
      Array.from({ length }, (_, i) => f(i)).reduce((a, b) => a + b, 0);
    expectClose(
      actual.value,
      product((i, j) => bias[j]! + dot(7, (l) => x[i * 7 + l]! * weight[l * 3 + j]!), 5, 3),
    );
    expectClose(
      actual.gradients[0]!,
      product((i, l) => dot(3, (j) => dy[i * 3 + j]! * weight[l * 3 + j]!), 5, 7),
    );
    expectClose(
      actual.gradients[1]!,
      product((l, j) => dot(5, (i) => x[i * 7 + l]! * dy[i * 3 + j]!), 7, 3),
    );
    expectClose(
      actual.gradients[2]!,
      product((_, j) => dot(5, (i) => dy[i * 3 + j]!), 1, 3),
    );
    tf.dispose(inputs);
  });

  test('sgdStep is torch.optim.SGD: decay joins the gradient before the momentum', () => {
    const [p, g, v] = variables(
      [Float32Array.of(1, -2), [2]],
      [Float32Array.of(0.5, 0.25), [2]],
      [Float32Array.of(0.1, 0), [2]],
    );
    engine.ops.sgdStep([p!], [g!], [v!], { lr: 0.1, momentum: 0.9, weightDecay: 0.01 });
    expectClose(v!.dataSync(), [0.9 * 0.1 + 0.51, 0.23], 1e-6);
    expectClose(p!.dataSync(), [1 - 0.1 * 0.6, -2 - 0.1 * 0.23], 1e-6);
    tf.dispose([p!, g!, v!]);
  });

  test('softmaxCrossEntropy and its gradient', () => {
    const [n, classes] = [5, 7];
    const values = random(n, classes).map((value) => 10 * value);
    const labels = Int32Array.of(0, 3, 6, 3, 1);
    const [logits] = variables([values, [n, classes]]);
    const target = tf.tensor1d(labels, 'int32');
    const { value, gradients } = differentiate(
      () => engine.ops.softmaxCrossEntropy(logits as unknown as tf.Tensor2D, target),
      [logits!],
      Float32Array.of(1),
    );
    let loss = 0;
    const gradient = new Float64Array(n * classes);
    for (let row = 0; row < n; row++) {
      const own = Array.from(values.subarray(row * classes, (row + 1) * classes));
      const total = own.reduce((sum, logit) => sum + Math.exp(logit), 0);
      loss += (Math.log(total) - own[labels[row]!]!) / n;
      own.forEach((logit, c) => {
        gradient[row * classes + c] = (Math.exp(logit) / total - (c === labels[row] ? 1 : 0)) / n;
      });
    }
    expectClose(value, [loss]);
    expectClose(gradients[0]!, gradient);
    tf.dispose([logits!, target]);
  });

  test('gather takes whole rows, in any order and more than once', () => {
    const values = random(4, 3, 2);
    const rows = [2, 0, 3, 3, 1];
    const gathered = tf.tidy(() =>
      tf.gather(tf.tensor(values, [4, 3, 2]), tf.tensor1d(rows, 'int32')).dataSync(),
    );
    expect(Array.from(gathered)).toEqual(
      rows.flatMap((row) => Array.from(values.subarray(6 * row, 6 * row + 6))),
    );
  });

  test('momentumUpdate moves keys towards queries and leaves queries alone', () => {
    const [key, query] = variables([Float32Array.of(1, 0), [2]], [Float32Array.of(0, 2), [2]]);
    engine.ops.momentumUpdate([key!], [query!], 0.75);
    expectClose(key!.dataSync(), [0.75, 0.5], 1e-7);
    expectClose(query!.dataSync(), [0, 2], 0.5e-7);
    tf.dispose([key!, query!]);
  });

  test('a parameter that the loss does not reach gets a gradient of zeros', () => {
    const [used, unused] = variables([Float32Array.of(3), [1]], [Float32Array.of(4), [1]]);
    const { loss, gradients } = engine.ops.computeGradients(
      () => tf.sum(tf.square(used!)) as tf.Scalar,
      [used!, unused!],
    );
    expect([...gradients].map((gradient) => [...gradient.dataSync()])).toEqual([[6], [0]]);
    tf.dispose([loss, ...gradients, used!, unused!]);
  });

  test('whoever asks hears of each gradient once, when it is whole, the last layer first', () => {
    const [first, twice, unused] = variables(
      [Float32Array.of(3), [1]],
      [Float32Array.of(5), [1]],
      [Float32Array.of(4), [1]],
    );
    const heard: [number, number][] = [];
    const { loss, gradients } = engine.ops.computeGradients(
      () => tf.sum(tf.mul(tf.mul(tf.square(first!), twice!), twice!)) as tf.Scalar, // x² y²
      [first!, twice!, unused!],
      (index, gradient) => heard.push([index, gradient.dataSync()[0]!]),
    );
    expect(heard).toEqual([
      [1, 90],
      [0, 150],
      [2, 0],
    ]);
    tf.dispose([loss, ...gradients, first!, twice!, unused!]);
  });

  test('the same inputs give the same bits', () => {
    const x = random(4, 8, 8, 8);
    const filter = random(3, 3, 8, 8);
    const weight = random(4, 4, 4, 8);
    const once = () => {
      const inputs = variables([x, [4, 8, 8, 8]], [filter, [3, 3, 8, 8]]);
      const [xv, fv] = inputs as unknown as [tf.Tensor4D, tf.Tensor4D];
      const result = differentiate(
        () => engine.ops.conv2d(xv, fv, { stride: 2, padding: 1 }),
        inputs,
        weight,
      );
      tf.dispose(inputs);
      return result;
    };
    expect(once()).toEqual(once());
  });
});
