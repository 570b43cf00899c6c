// Checks of the layers, forward and backward.

import type { Engine } from '../engine.ts';
import { referenceBatchNorm, referenceConv2d, referenceMaxPool } from '../reference-ops.ts';
import type * as tf from '../tf.ts';
import { type Comparison, type Draw, differentiate, pair, toVariable } from './check.ts';

export function checkConv(
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

export function checkMaxPool(engine: Engine, draw: Draw): Comparison[] {
  const shape = { n: 2, h: 9, w: 7, c: 19, size: 3, stride: 2, padding: 1 };
  const { n, h, w, c, size, stride, padding } = shape;
  const [x, dy] = [draw(n, h, w, c), draw(n, 5, 4, c)];
  const input = toVariable(x, n, h, w, c);
  const f = () => engine.ops.maxPool(input as unknown as tf.Tensor4D, { size, stride, padding });
  const expected = referenceMaxPool({ ...shape, x, dy });
  return pair(differentiate(engine, { f, inputs: [input], dy }), expected.y, [expected.dx]);
}

export function checkBatchNorm(
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

export function checkLinear(engine: Engine, draw: Draw): Comparison[] {
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
