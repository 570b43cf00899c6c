// What a training step is made of beside convolution, on every engine: InfoNCE against plain loops in float64,
// updates that leave clones alone, the backward pass, running statistics.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { availableEngines } from '../helpers/available-engines.ts';
import { createExpectClose } from '../helpers/expect-close.ts';
import { referenceInfoNce } from '../helpers/reference-info-nce.ts';

let draws = 0;
function random(count: number): Float32Array {
  const rng = stream(2, 'step-ops', draws++);
  return Float32Array.from({ length: count }, () => rng.normal());
}

function variable(values: ArrayLike<number>, shape: readonly number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(Float32Array.from(values), [...shape])));
}

const expectClose = createExpectClose(2e-6);

describe.each(availableEngines)('engine %s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine(name);
  });
  afterAll(() => {
    expect(engine.memory().tensors).toBe(0);
  });

  function contrast(q: tf.Variable, k: tf.Tensor2D, queue: tf.Variable, temperature: number) {
    let rank: tf.Tensor1D | undefined;
    const { loss, gradients } = engine.ops.computeGradients(() => {
      const found = engine.ops.infoNce({
        q: q as unknown as tf.Tensor2D,
        k,
        queue: queue as unknown as tf.Tensor2D,
        temperature,
      });
      rank = tf.keep(found.rank);
      return found.loss;
    }, [q]);
    const read = {
      loss: loss.dataSync()[0]!,
      dq: gradients[0]!.dataSync(),
      rank: Array.from(rank!.dataSync()),
    };
    tf.dispose([loss, ...gradients, rank!]);
    return read;
  }

  test.each([
    { n: 1, c: 1, k: 1, temperature: 1 },
    { n: 5, c: 7, k: 33, temperature: 0.2 },
    { n: 8, c: 16, k: 1100, temperature: 0.07 },
    { n: 3, c: 130, k: 512, temperature: 0.5 },
  ])('infoNce, its gradient by q and its ranks are exact: %o', ({ n, c, k, temperature }) => {
    const [q, keys, queue] = [random(n * c), random(n * c), random(c * k)];
    const expected = referenceInfoNce({ n, c, size: k, q, k: keys, queue, temperature });
    const [qv, queueV] = [variable(q, [n, c]), variable(queue, [c, k])];
    const keysT = tf.tensor2d(keys, [n, c]);
    const actual = contrast(qv, keysT, queueV, temperature);
    expectClose([actual.loss], [expected.loss], 1e-5);
    expectClose(actual.dq, expected.dq, 1e-5);
    expect(actual.rank).toEqual(expected.rank);
    tf.dispose([qv, queueV, keysT]);
  });

  test('a negative that equals the key does not beat it; a key that is NaN is beaten by all', () => {
    const c = 24;
    const [key, other] = [random(c), random(c)];
    const q = variable([...key, ...key], [2, c]);
    const k = tf.tensor2d(Float32Array.from([...key, ...key.map(() => Number.NaN)]), [2, c]);
    // Columns: the key itself, its double (which beats it), something else.
    const queue = variable(
      Array.from({ length: c }, (_, i) => [key[i]!, 2 * key[i]!, 0.01 * other[i]!]).flat(),
      [c, 3],
    );
    expect(contrast(q, k, queue, 1).rank).toEqual([1, 4]);
    tf.dispose([q, k, queue]);
  });

  test('updateQueue replaces the columns at the pointer and leaves a clone as it was', () => {
    const queue = variable([0, 1, 2, 3, 10, 11, 12, 13], [2, 4]);
    const before = tf.tidy(() => tf.reshape(queue as unknown as tf.Tensor, [8]));
    const keys = tf.tensor2d([5, 6, 7, 8], [2, 2]);
    for (let i = 0; i < 2; i++) {
      engine.ops.updateQueue(queue, keys, 1);
      expect(Array.from(queue.dataSync())).toEqual([0, 5, 7, 3, 10, 6, 8, 13]);
      expect(Array.from(before.dataSync())).toEqual([0, 1, 2, 3, 10, 11, 12, 13]);
    }
    tf.dispose([queue, before, keys]);
  });

  test('the learning rate and the pointer of the queue may be scalars', () => {
    const [p, v, g] = [variable([1, 2], [2]), variable([1, 1], [2]), variable([2, 4], [2])];
    const queue = variable([0, 1, 2, 3, 10, 11, 12, 13], [2, 4]);
    const keys = tf.tensor2d([5, 6, 7, 8], [2, 2]);
    const [lr, pointer] = [tf.scalar(0.25), tf.scalar(2, 'int32')];
    engine.ops.sgdStep([p], [g as unknown as tf.Tensor], [v], { lr, momentum: 0.5, weightDecay: 0.5 });
    engine.ops.updateQueue(queue, keys, pointer);
    expectClose(v.dataSync(), [0.5 + 2 + 0.5, 0.5 + 4 + 1]);
    expectClose(p.dataSync(), [1 - 0.75, 2 - 5.5 / 4]);
    expect(Array.from(queue.dataSync())).toEqual([0, 1, 5, 7, 10, 11, 6, 8]);
    expect([lr.dataSync()[0], pointer.dataSync()[0]]).toEqual([0.25, 2]);
    tf.dispose([p, v, g, queue, keys, lr, pointer]);
  });

  test('a captured step computes anew from its inputs, and refuses inputs of another kind', () => {
    const [p, v] = [variable([0], [1]), variable([0], [1])];
    const step = engine.capture(({ x }: { x: tf.Tensor }) => {
      engine.ops.sgdStep([p], [x], [v], { lr: 1, momentum: 0, weightDecay: 0 });
      return { y: tf.mul(x, 2) };
    });
    for (let i = 0; i < 6; i++) {
      const x = tf.tensor1d([i]);
      const { y } = tf.tidy(() => step.run({ x }));
      expect(y.dataSync()[0]).toBe(2 * i);
      tf.dispose([x, y]);
    }
    expect(p.dataSync()[0]).toBe(-15);
    const wrong = tf.tensor1d([1, 2], 'int32');
    expect(() => step.run({ x: wrong })).toThrow('a captured step takes x float32 [1], not x int32 [2]');
    step.dispose();
    tf.dispose([p, v, wrong]);
  });

  test.each(['clone', 'reshape'] as const)('updates leave a %s of a variable as it was', (kind) => {
    const values = [1, 2, 3, 4, 5, 6];
    const [p, v, g, key] = [values, values, values, values].map((each) => variable(each, [2, 3]));
    const share = (x: tf.Variable) =>
      kind === 'clone' ? tf.clone(x as unknown as tf.Tensor) : tf.reshape(x as unknown as tf.Tensor, [3, 2]);
    const before = [p!, v!, key!].map(share);
    engine.ops.sgdStep([p!], [g!], [v!], { lr: 0.5, momentum: 0.5, weightDecay: 0 });
    engine.ops.momentumUpdate([key!], [p!], 0.5);
    expectClose(
      v!.dataSync(),
      values.map((x) => 1.5 * x),
    );
    expectClose(
      p!.dataSync(),
      values.map((x) => 0.25 * x),
    );
    expectClose(
      key!.dataSync(),
      values.map((x) => 0.625 * x),
    );
    for (const tensor of before) expect(Array.from(tensor.dataSync())).toEqual(values);
    expect(Array.from(g!.dataSync())).toEqual(values);
    tf.dispose([p!, v!, g!, key!, ...before]);
  });

  test('two variables that start from one tensor go apart', () => {
    const start = tf.tensor1d([1, 2]);
    const [key, query] = [tf.variable(start), tf.variable(start)];
    start.dispose();
    const gradient = tf.tensor1d([1, 1]);
    const velocity = variable([0, 0], [2]);
    engine.ops.sgdStep([query], [gradient], [velocity], { lr: 1, momentum: 0, weightDecay: 0 });
    expect(Array.from(query.dataSync())).toEqual([0, 1]);
    expect(Array.from(key.dataSync())).toEqual([1, 2]);
    tf.dispose([key, query, gradient, velocity]);
  });

  test('a tensor that is used twice gets the sum of its gradients, and what it came from is left alone', () => {
    const x = variable([1, -2, 3], [3]);
    const { loss, gradients } = engine.ops.computeGradients(() => {
      const y = tf.relu(tf.mul(x, 2));
      return tf.sum(tf.add(tf.add(y, tf.square(y)), x)) as tf.Scalar;
    }, [x]);
    expect(loss.dataSync()[0]).toBe(2 + 4 + 1 - 2 + 6 + 36 + 3);
    expect(Array.from(gradients[0]!.dataSync())).toEqual([2 * 5 + 1, 1, 2 * 13 + 1]);
    expect(Array.from(x.dataSync())).toEqual([1, -2, 3]);
    tf.dispose([loss, ...gradients, x]);
  });

  test('a loss that throws leaves no tensors behind', () => {
    const x = variable([1, 2], [2]);
    const { tensors } = engine.memory();
    const fail = () => {
      tf.sum(tf.square(x));
      throw new Error('no loss');
    };
    expect(() => engine.ops.computeGradients(fail, [x])).toThrow('no loss');
    expect(engine.memory().tensors).toBe(tensors);
    x.dispose();
  });

  test('running statistics move towards the mean over the splits and the unbiased variance', () => {
    const [mean, variance] = [variable([10, 20], [2]), variable([1, 2], [2])];
    const [scale, offset] = [tf.tensor1d([1, 1]), tf.tensor1d([0, 0])];
    // Two splits of two pixels: means 1 and 3, 2 and 6; unbiased variances 2 and 2, 8 and 8.
    const x = tf.tensor4d([0, 0, 2, 4, 2, 4, 4, 8], [4, 1, 1, 2]);
    tf.tidy(() => {
      const running = { mean, variance, shareOfNew: 0.25 };
      engine.ops.batchNormTraining(x, { scale, offset, epsilon: 1e-5, splits: 2, running });
    });
    expectClose(mean.dataSync(), [0.75 * 10 + 0.25 * 2, 0.75 * 20 + 0.25 * 4]);
    expectClose(variance.dataSync(), [0.75 + 0.25 * 2, 0.75 * 2 + 0.25 * 8]);
    expect(Array.from(x.dataSync())).toEqual([0, 0, 2, 4, 2, 4, 4, 8]);
    tf.dispose([mean, variance, scale, offset, x]);
  });
});
