// What the checks of an engine share: random numbers, and the engine's own answer.

import type { Engine } from '../engine.ts';
import * as tf from '../tf.ts';

/** What the engine found, and what it should have. */
export interface Comparison {
  readonly actual: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
}

/** Normal numbers of a shape. */
export type Draw = (...shape: readonly number[]) => Float32Array;

/** Value of f, and gradients of sum(f * dy) by the inputs; disposes the inputs. */
export function differentiate(
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

export function toVariable(values: Float32Array, ...shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}

/** Value and gradients, each beside what is expected. */
export function pair(
  { value, gradients }: ReturnType<typeof differentiate>,
  y: ArrayLike<number>,
  expected: readonly ArrayLike<number>[],
): Comparison[] {
  const ofGradients = expected.map((each, i) => ({ actual: gradients[i]!, expected: each }));
  return [{ actual: value, expected: y }, ...ofGradients];
}
