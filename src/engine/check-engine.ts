// Proves an engine on this machine: every named operation, forward and backward, against float64 loops, on
// shapes that take the vectorised paths and their remainders. Seconds, no data, no fixtures.

import { stream } from '../core/rng.ts';
import type { Engine } from './engine.ts';
import { referenceBatchNorm, referenceConv2d, referenceMaxPool } from './reference-ops.ts';
import * as tf from './tf.ts';

/** How far an operation is from the loops: the largest difference over the largest value. */
export interface Check {
  readonly name: string;
  readonly error: number;
}

/** About ten times the noise of float32 over sums of this length. */
export const TOLERANCE = 2e-5;

interface Comparison {
  readonly actual: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
}

/** Runs all checks. Leaves no tensors. */
export function checkEngine(engine: Engine): Check[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    error: Math.max(...check(engine, createDraws(name)).map(compare)),
  }));
}

/** NaN counts as infinitely far. */
function compare({ actual, expected }: Comparison): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [scale, worst] = [1, 0];
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const difference = Math.abs(actual[i]! - expected[i]!);
    worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return worst / scale;
}

type Draw = (...shape: readonly number[]) => Float32Array;

function createDraws(name: string): Draw {
  const rng = stream(1, 'check-engine', name);
  return (...shape) => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal());
}

type NamedCheck = (engine: Engine, draw: Draw) => readonly Comparison[];

const checks: { readonly [name: string]: NamedCheck } = {
  conv2d: (engine, draw) => checkConv(engine, draw, { stride: 2, padding: 1 }),
  'conv2d 1x1': (engine, draw) => checkConv(engine, draw, { stride: 1, padding: 0 }),
  maxPool: checkMaxPool,
  batchNorm: (engine, draw) => checkBatchNorm(engine, draw, { splits: 1, relu: true }),
  'batchNorm of splits': (engine, draw) => checkBatchNorm(engine, draw, { splits: 2, relu: false }),
  linear: checkLinear,
  softmaxCrossEntropy: checkCrossEntropy,
  infoNce: checkInfoNce,
  sgdStep: checkSgdStep,
  momentumUpdate: checkMomentumUpdate,
  updateQueue: checkUpdateQueue,
};

/** Value of f, and gradients of sum(f * dy) by the inputs; disposes the inputs. */
function differentiate(
  engine: Engine,
  {
    f,
    inputs,
    dy,
  }: { readonly f: () => tf.Tensor; readonly inputs: readonly tf.Variable[]; readonly dy: Float32Array },
): { readonly value: ArrayLike<number>; readonly gradients: readonly ArrayLike<number>[] } {
  let value: ArrayLike<number> = [];
  const result = engine.ops.computeGradients(() => {
    const y = f();
    value = y.dataSync();
    return tf.sum(tf.mul(y, tf.tensor(dy, y.shape))) as tf.Scalar;
  }, inputs);
  const gradients = result.gradients.map((gradient) => gradient.dataSync());
  tf.dispose([result.loss, ...result.gradients, ...inputs]);
  return { value, gradients };
}

function toVariable(values: Float32Array, ...shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}

function checkConv(
  engine: Engine,
  draw: Draw,
  { stride, padding }: { readonly stride: number; readonly padding: number },
): Comparison[] {
  const shape = { n: 2, h: 9, w: 8, c: 19, k: 21, kernel: 2 * padding + 1, stride, padding, groups: 1 };
  const { n, h, w, c, k, kernel } = shape;
  const [x, filter] = [draw(n, h, w, c), draw(kernel, kernel, c, k)];
  const [oh, ow] = [h, w].map((size) => Math.floor((size + 2 * padding - kernel) / stride) + 1);
  const dy = draw(n, oh!, ow!, k);
  const inputs = [toVariable(x, n, h, w, c), toVariable(filter, kernel, kernel, c, k)];
  const [xv, fv] = inputs as unknown as [tf.Tensor4D, tf.Tensor4D];
  const actual = differentiate(engine, {
    f: () => engine.ops.conv2d(xv, fv, { stride, padding }),
    inputs,
    dy,
  });
  const expected = referenceConv2d({ ...shape, x, filter, dy });
  return pair(actual, expected.y, [expected.dx, expected.dFilter]);
}

function checkMaxPool(engine: Engine, draw: Draw): Comparison[] {
  const shape = { n: 2, h: 9, w: 7, c: 19, size: 3, stride: 2, padding: 1 };
  const { n, h, w, c, size, stride, padding } = shape;
  const [x, dy] = [draw(n, h, w, c), draw(n, 5, 4, c)];
  const input = toVariable(x, n, h, w, c);
  const f = () => engine.ops.maxPool(input as unknown as tf.Tensor4D, { size, stride, padding });
  const expected = referenceMaxPool({ ...shape, x, dy });
  return pair(differentiate(engine, { f, inputs: [input], dy }), expected.y, [expected.dx]);
}

function checkBatchNorm(
  engine: Engine,
  draw: Draw,
  { splits, relu }: { readonly splits: number; readonly relu: boolean },
): Comparison[] {
  const [n, h, w, c] = [4, 5, 3, 37];
  const x = draw(n, h, w, c).map((value) => 3 * value + 5);
  const [residual, dy, scale, offset] = [draw(n, h, w, c), draw(n, h, w, c), draw(c), draw(c)];
  const inputs = [
    toVariable(x, n, h, w, c),
    toVariable(scale, c),
    toVariable(offset, c),
    toVariable(residual, n, h, w, c),
  ];
  const [xv, scaleV, offsetV, residualV] = inputs as unknown as [
    tf.Tensor4D,
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor4D,
  ];
  const options = { scale: scaleV, offset: offsetV, residual: residualV, epsilon: 1e-5, splits, relu };
  const f = () => engine.ops.batchNormTraining(xv, options).y;
  const expected = referenceBatchNorm({
    ...{ rows: n * h * w, channels: c, splits, relu, x, scale, offset, residual, dy },
  });
  const { dx, dScale, dOffset, dResidual } = expected;
  return pair(differentiate(engine, { f, inputs, dy }), expected.y, [dx, dScale, dOffset, dResidual]);
}

function checkLinear(engine: Engine, draw: Draw): Comparison[] {
  const [n, from, to] = [5, 33, 19];
  const [x, weight, bias, dy] = [draw(n, from), draw(from, to), draw(to), draw(n, to)];
  const inputs = [toVariable(x, n, from), toVariable(weight, from, to), toVariable(bias, to)];
  const [xv, wv, bv] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
  const actual = differentiate(engine, { f: () => engine.ops.linear(xv, wv, bv), inputs, dy });
  const [y, dx] = [new Float64Array(n * to), new Float64Array(n * from)];
  const [dWeight, dBias] = [new Float64Array(from * to), new Float64Array(to)];
  for (let row = 0; row < n; row++)
    for (let o = 0; o < to; o++) {
      y[row * to + o]! += bias[o]!;
      dBias[o]! += dy[row * to + o]!;
      for (let i = 0; i < from; i++) {
        y[row * to + o]! += x[row * from + i]! * weight[i * to + o]!;
        dx[row * from + i]! += dy[row * to + o]! * weight[i * to + o]!;
        dWeight[i * to + o]! += dy[row * to + o]! * x[row * from + i]!;
      }
    }
  return pair(actual, y, [dx, dWeight, dBias]);
}

function checkCrossEntropy(engine: Engine, draw: Draw): Comparison[] {
  const [n, classes] = [6, 35];
  const values = draw(n, classes).map((value) => 10 * value);
  const labels = Int32Array.from({ length: n }, (_, row) => (row * 11) % classes);
  const logits = toVariable(values, n, classes);
  const target = tf.tensor1d(labels, 'int32');
  const f = () => engine.ops.softmaxCrossEntropy(logits as unknown as tf.Tensor2D, target);
  const actual = differentiate(engine, { f, inputs: [logits], dy: Float32Array.of(1) });
  tf.dispose(target);
  let loss = 0;
  const gradient = new Float64Array(n * classes);
  for (let row = 0; row < n; row++) {
    const own = Array.from(values.subarray(row * classes, (row + 1) * classes));
    const total = own.reduce((sum, logit) => sum + Math.exp(logit), 0);
    loss += (Math.log(total) - own[labels[row]!]!) / n;
    own.forEach((logit, i) => {
      gradient[row * classes + i] = (Math.exp(logit) / total - (i === labels[row] ? 1 : 0)) / n;
    });
  }
  return pair(actual, [loss], [gradient]);
}

/** The positive's logit first, then those of the queue; the gradient reaches the queries alone. */
function checkInfoNce(engine: Engine, draw: Draw): Comparison[] {
  const [n, c, size, temperature] = [5, 19, 43, 0.2];
  const [q, k, queue] = [draw(n, c), draw(n, c), draw(c, size)];
  const [qv, kv, queueV] = [toVariable(q, n, c), toVariable(k, n, c), toVariable(queue, c, size)];
  let ranks: ArrayLike<number> = [];
  const f = () => {
    const input = { q: qv, k: kv, queue: queueV } as unknown as {
      readonly [name in 'q' | 'k' | 'queue']: tf.Tensor2D;
    };
    const { loss, rank } = engine.ops.infoNce({ ...input, temperature });
    ranks = rank.dataSync();
    return loss;
  };
  const actual = differentiate(engine, { f, inputs: [qv], dy: Float32Array.of(1) });
  tf.dispose([kv, queueV]);
  let loss = 0;
  const [expectedRanks, gradient] = [new Float64Array(n), new Float64Array(n * c)];
  for (let row = 0; row < n; row++) {
    const other = (i: number, column: number) =>
      column === 0 ? k[row * c + i]! : queue[i * size + column - 1]!;
    const logits = Array.from({ length: 1 + size }, (_, column) => {
      let dot = 0;
      for (let i = 0; i < c; i++) dot += q[row * c + i]! * other(i, column);
      return dot / temperature;
    });
    const largest = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    loss += (Math.log(total) + largest - logits[0]!) / n;
    expectedRanks[row] = logits.filter((logit) => logit > logits[0]!).length;
    logits.forEach((logit, column) => {
      const share = (Math.exp(logit - largest) / total - (column === 0 ? 1 : 0)) / (n * temperature);
      for (let i = 0; i < c; i++) gradient[row * c + i]! += share * other(i, column);
    });
  }
  return [...pair(actual, [loss], [gradient]), { actual: ranks, expected: expectedRanks }];
}

/** v = momentum v + (g + weightDecay p); p -= lr v. */
function checkSgdStep(engine: Engine, draw: Draw): Comparison[] {
  const [p, g, v] = [draw(101), draw(101), draw(101)];
  const [parameter, gradient, velocity] = [p, g, v].map((values) => toVariable(values, 101));
  const options = { lr: 0.1, momentum: 0.9, weightDecay: 0.01 };
  engine.ops.sgdStep([parameter!], [gradient!], [velocity!], options);
  const expectedV = Array.from(v, (value, i) => 0.9 * value + g[i]! + 0.01 * p[i]!);
  const expectedP = Array.from(p, (value, i) => value - 0.1 * expectedV[i]!);
  const comparisons = [
    { actual: parameter!.dataSync(), expected: expectedP },
    { actual: velocity!.dataSync(), expected: expectedV },
  ];
  tf.dispose([parameter!, gradient!, velocity!]);
  return comparisons;
}

/** key = keyMomentum key + (1 - keyMomentum) query; the query stays. */
function checkMomentumUpdate(engine: Engine, draw: Draw): Comparison[] {
  const [k, q] = [draw(101), draw(101)];
  const [key, query] = [toVariable(k, 101), toVariable(q, 101)];
  engine.ops.momentumUpdate([key], [query], 0.99);
  const expected = Array.from(k, (value, i) => 0.99 * value + 0.01 * q[i]!);
  const comparisons = [
    { actual: key.dataSync(), expected },
    { actual: query.dataSync(), expected: q },
  ];
  tf.dispose([key, query]);
  return comparisons;
}

/** Columns from the pointer on become the keys; the others stay. */
function checkUpdateQueue(engine: Engine, draw: Draw): Comparison[] {
  const [n, c, size, pointer] = [4, 19, 24, 8];
  const [before, keys] = [draw(c, size), draw(n, c)];
  const [queue, fresh] = [toVariable(before, c, size), toVariable(keys, n, c)];
  engine.ops.updateQueue(queue, fresh as unknown as tf.Tensor2D, pointer);
  const expected = before.map((value, at) => {
    const column = (at % size) - pointer;
    return column < 0 || column >= n ? value : keys[column * c + Math.floor(at / size)]!;
  });
  const comparisons = [{ actual: queue.dataSync(), expected }];
  tf.dispose([queue, fresh]);
  return comparisons;
}

function pair(
  { value, gradients }: ReturnType<typeof differentiate>,
  y: ArrayLike<number>,
  expected: readonly ArrayLike<number>[],
): Comparison[] {
  const ofGradients = expected.map((each, i) => ({ actual: gradients[i]!, expected: each }));
  return [{ actual: value, expected: y }, ...ofGradients];
}
