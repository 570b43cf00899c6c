// The proof of an engine is worth what it notices: a right engine passes, and each wrong operation is named.

import { expect, test } from 'vitest';
import { checkEngine, TOLERANCE } from '../../src/engine/check-engine.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { EngineOps } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { refuseWrong } from '../../src/engine/torch/install/prove-engine.ts';
import { catchProblems } from '../helpers/catch-problems.ts';

const engine = await createEngine('cpu');
const { ops } = engine;

function findWrong(changed: Partial<EngineOps>): string[] {
  const checks = checkEngine({ ...engine, ops: { ...ops, ...changed } });
  return checks.filter(({ error }) => !(error <= TOLERANCE)).map(({ name }) => name);
}

const twice = <T extends tf.Tensor>(x: T) => tf.mul(x, 1.001) as T;

test('a right engine passes, and the checks leave no tensors', () => {
  expect(findWrong({})).toEqual([]);
  expect(engine.memory().tensors).toBe(0);
});

test.each<[readonly string[], Partial<EngineOps>]>([
  [['conv2d', 'conv2d 1x1'], { conv2d: (...args) => twice(ops.conv2d(...args)) }],
  [['maxPool'], { maxPool: (...args) => twice(ops.maxPool(...args)) }],
  [
    ['batchNorm', 'batchNorm of splits'],
    { batchNormTraining: (x, options) => ops.batchNormTraining(x, { ...options, epsilon: 0.1 }) },
  ],
  [['linear'], { linear: (x, weight) => ops.linear(x, weight) }],
  [['softmaxCrossEntropy'], { softmaxCrossEntropy: (...args) => twice(ops.softmaxCrossEntropy(...args)) }],
  [['infoNce'], { infoNce: (input) => ops.infoNce({ ...input, temperature: 0.21 }) }],
  [['sgdStep'], { sgdStep: (p, g, v, options) => ops.sgdStep(p, g, v, { ...options, weightDecay: 0 }) }],
  [['momentumUpdate'], { momentumUpdate: () => {} }],
  [['updateQueue'], { updateQueue: (queue, keys, at) => ops.updateQueue(queue, keys, Number(at) + 1) }],
])('a wrong %j is noticed', (names, changed) => {
  expect(findWrong(changed)).toEqual(names);
});

test('an engine that gives NaN is refused with the operations that it misses', () => {
  const nan = (logits: tf.Tensor2D, labels: tf.Tensor1D) =>
    tf.mul(ops.softmaxCrossEntropy(logits, labels), Number.NaN) as tf.Scalar;
  const checks = checkEngine({ ...engine, ops: { ...ops, softmaxCrossEntropy: nan } });
  expect(catchProblems(() => refuseWrong(checks, TOLERANCE))).toEqual([
    {
      code: 'TORCH_WRONG_NUMBERS',
      message:
        'Expected every operation to be within 0.00002 of float64 loops but the addon misses: softmaxCrossEntropy by Infinity.',
      hint: 'Take another libtorch with --libtorch, and please report this with the output of `moco doctor`.',
    },
  ]);
});
