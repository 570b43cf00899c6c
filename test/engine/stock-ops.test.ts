// The stock TensorFlow.js operations that the program uses, on every engine: value and gradients against the
// reference engine's.

import { beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { ConcreteEngineName, Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { availableEngines } from '../helpers/available-engines.ts';

interface Case {
  readonly title: string;
  /** Shapes of the inputs. */
  readonly shapes: readonly (readonly number[])[];
  readonly run: (inputs: readonly tf.Tensor[]) => tf.Tensor;
  /** Inputs above 0, as roots and divisors want them. */
  readonly positive?: boolean;
  /** There is none for it: nothing trains through it. */
  readonly noGradient?: boolean;
}

const cases: readonly Case[] = [
  {
    title: 'add',
    shapes: [
      [2, 3],
      [2, 3],
    ],
    run: ([a, b]) => tf.add(a!, b!),
  },
  {
    title: 'add, broadcast',
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
    run: ([a, b]) => tf.add(a!, b!),
  },
  {
    title: 'mul',
    shapes: [
      [2, 3],
      [2, 3],
    ],
    run: ([a, b]) => tf.mul(a!, b!),
  },
  { title: 'mul, broadcast', shapes: [[3], [2, 4, 3]], run: ([a, b]) => tf.mul(a!, b!) },
  {
    title: 'div',
    shapes: [
      [2, 3],
      [2, 3],
    ],
    positive: true,
    run: ([a, b]) => tf.div(a!, b!),
  },
  { title: 'div, by a scalar', shapes: [[2, 3], []], positive: true, run: ([a, b]) => tf.div(a!, b!) },
  { title: 'relu', shapes: [[4, 5]], run: ([x]) => tf.relu(x!) },
  { title: 'square', shapes: [[4, 5]], run: ([x]) => tf.square(x!) },
  { title: 'sqrt', shapes: [[4, 5]], positive: true, run: ([x]) => tf.sqrt(x!) },
  { title: 'sum of all', shapes: [[2, 3, 4]], run: ([x]) => tf.sum(x!) },
  { title: 'sum of an axis', shapes: [[2, 3, 4]], run: ([x]) => tf.sum(x!, 1) },
  { title: 'sum of axes, kept', shapes: [[2, 3, 4]], run: ([x]) => tf.sum(x!, [0, -1], true) },
  { title: 'mean of all', shapes: [[2, 3, 4]], run: ([x]) => tf.mean(x!) },
  { title: 'mean of axes', shapes: [[2, 3, 4]], run: ([x]) => tf.mean(x!, [1, 2]) },
  {
    title: 'concat of rows',
    shapes: [
      [2, 3],
      [1, 3],
    ],
    run: (parts) => tf.concat([...parts], 0),
  },
  {
    title: 'concat of columns',
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    run: (parts) => tf.concat([...parts], 1),
  },
  { title: 'slice', shapes: [[4, 5]], run: ([x]) => tf.slice(x!, [1, 2], [2, 3]) },
  { title: 'slice to the end', shapes: [[4, 5]], run: ([x]) => tf.slice(x!, [2, 0], [-1, 2]) },
  { title: 'transpose', shapes: [[2, 3, 4]], noGradient: true, run: ([x]) => tf.transpose(x!, [2, 0, 1]) },
  { title: 'zerosLike', shapes: [[2, 3]], noGradient: true, run: ([x]) => tf.zerosLike(x!) },
  {
    title: 'gather',
    shapes: [[4, 3, 2]],
    noGradient: true,
    run: ([x]) => tf.gather(x!, tf.tensor1d([3, 0, 3], 'int32')),
  },
  {
    title: 'gather of columns',
    shapes: [[4, 3]],
    noGradient: true,
    run: ([x]) => tf.gather(x!, tf.tensor1d([2, 1], 'int32'), 1),
  },
];

interface Outcome {
  readonly shape: readonly number[];
  readonly value: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

/** Value of the case, and gradients of its weighted sum by every input. */
function compute({ title, shapes, run, positive, noGradient }: Case, engine: Engine): Outcome {
  const rng = stream(1, 'stock-ops', title);
  const draw = (shape: readonly number[]) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      positive ? 0.5 + rng.uniform() : rng.normal(),
    );
  const inputs = shapes.map((shape) => tf.tidy(() => tf.variable(tf.tensor(draw(shape), [...shape]))));
  let outcome: Outcome | undefined;
  tf.tidy(() => {
    const y = run(inputs);
    const value = Array.from(y.dataSync());
    outcome = { shape: y.shape, value, gradients: [] };
    if (noGradient) return;
    const weight = tf.tensor(draw(y.shape), y.shape);
    const { gradients } = engine.ops.computeGradients(
      () => tf.sum(tf.mul(run(inputs), weight)) as tf.Scalar,
      inputs,
    );
    outcome = { ...outcome, gradients: gradients.map((gradient) => Array.from(gradient.dataSync())) };
  });
  tf.dispose(inputs);
  return outcome!;
}

/** What the reference engine gives for each case, by title. */
const expected = new Map<string, Outcome>();

describe.each(availableEngines.filter((name) => name !== 'cpu'))('engine %s', (name: ConcreteEngineName) => {
  let engine: Engine;
  beforeAll(async () => {
    const reference = await createEngine('cpu');
    for (const one of cases) expected.set(one.title, compute(one, reference));
    engine = await createEngine(name);
  });

  test.each(cases)("$title and its gradients are the reference engine's", (one) => {
    const [actual, wanted] = [compute(one, engine), expected.get(one.title)!];
    expect(actual.shape).toEqual(wanted.shape);
    expectClose(actual.value, wanted.value);
    expect(actual.gradients.length).toBe(wanted.gradients.length);
    actual.gradients.forEach((gradient, i) => {
      expectClose(gradient, wanted.gradients[i]!);
    });
  });

  test('no case leaves a tensor', () => {
    const before = engine.memory();
    for (const one of cases) compute(one, engine);
    expect(engine.memory()).toEqual(before);
  });

  test.each([
    { title: 'add of shapes that do not broadcast', run: () => tf.add(tf.zeros([2, 3]), tf.zeros([2, 2])) },
    { title: 'concat of other widths', run: () => tf.concat([tf.zeros([2, 3]), tf.zeros([2, 2])], 0) },
    { title: 'a sum over an axis that is not there', run: () => tf.sum(tf.zeros([2, 3]), 2) },
    { title: 'a permutation of too few axes', run: () => tf.transpose(tf.zeros([2, 3]), [0]) },
    { title: 'values that do not fit their shape', run: () => tf.tensor([1, 2], [3]) },
  ])('$title is an error', ({ run }) => {
    expect(() => tf.tidy(run)).toThrow();
  });
});

function expectClose(actual: readonly number[], wanted: readonly number[]): void {
  expect(actual.length).toBe(wanted.length);
  const scale = Math.max(1, ...wanted.map(Math.abs));
  const worst = Math.max(0, ...actual.map((value, i) => Math.abs(value - wanted[i]!)));
  expect(worst / scale).toBeLessThan(1e-6);
}
