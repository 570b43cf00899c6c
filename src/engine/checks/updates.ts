// Checks of what is updated in place.

import type { Engine } from '../engine.ts';
import * as tf from '../tf.ts';
import { type Comparison, type Draw, toVariable } from './check.ts';

/** v = momentum v + (g + weightDecay p); p -= lr v. */
export function checkSgdStep(engine: Engine, draw: Draw): Comparison[] {
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
export function checkMomentumUpdate(engine: Engine, draw: Draw): Comparison[] {
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
export function checkUpdateQueue(engine: Engine, draw: Draw): Comparison[] {
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
