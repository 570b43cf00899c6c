// Checks of the losses with their gradients.

import type { Engine } from '../engine.ts';
import * as tf from '../tf.ts';
import { type Comparison, type Draw, differentiate, pair, toVariable } from './check.ts';

export function checkCrossEntropy(engine: Engine, draw: Draw): Comparison[] {
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
export function checkInfoNce(engine: Engine, draw: Draw): Comparison[] {
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
