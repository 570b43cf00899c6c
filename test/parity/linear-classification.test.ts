// Linear classification on a frozen encoder, and weighted kNN, against PyTorch's numbers in float64.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { createEncoder } from '../../src/model/encoder.ts';
import { listState } from '../../src/model/parameter-list.ts';
import { computeAccuracy } from '../../src/train/accuracy.ts';
import { classifyByNeighbours, normaliseFeatures } from '../../src/train/knn.ts';
import { createLinearProbe } from '../../src/train/linear-probe.ts';
import { fillState, makeImages, noise } from './formulas.ts';

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/parity/lincls_r18.json', import.meta.url), 'utf8'),
);
const { config, lincls, knn } = golden;
const engine = await createEngine('wasm');

function expectNear(ours: readonly number[], theirs: readonly number[], relative: number): void {
  expect(ours).toHaveLength(theirs.length);
  ours.forEach((value, i) => {
    expect(Math.abs(value - theirs[i]!)).toBeLessThanOrEqual(relative * Math.max(1, Math.abs(theirs[i]!)));
  });
}

test('losses, accuracies, weights and logits of the classifier are PyTorch’s', async () => {
  const model = { arch: config.arch, stem: 'imagenet', width: 64, bn: 'plain' } as const;
  const encoder = createEncoder({ engine, model, seed: 0 });
  encoder.loadTensors(fillState(listState(model, undefined)));
  const images = (step: number) =>
    tf.tensor4d(makeImages(1, { step, n: config.batch, size: config.size }), [
      config.batch,
      config.size,
      config.size,
      3,
    ]);
  // One pass in training mode sets the running statistics.
  tf.dispose(tf.tidy(() => encoder.encode(images(100), { training: true })));
  const optimizer = { lr: config.lr, momentum: 0.9, weightDecay: 0 };
  const { featureDim } = encoder;
  const probe = createLinearProbe({
    engine,
    featureDim,
    classes: config.classes,
    optimizer,
    initStd: 0,
    seed: 0,
  });
  const w = noise(11, config.classes * featureDim);
  probe.loadTensors(
    new Map([
      [
        'fc.weight',
        {
          dtype: 'float32',
          shape: [config.classes, featureDim],
          values: Float32Array.from(w, (v) => 0.01 * v),
        },
      ],
      ['fc.bias', { dtype: 'float32', shape: [config.classes], values: new Float32Array(config.classes) }],
    ]),
  );
  const labels = Int32Array.from({ length: config.batch }, (_, i) => (i * 3) % config.classes);
  for (const theirs of lincls) {
    const features = tf.tidy(() => encoder.extractFeatures(images(theirs.step)));
    const { logits } = await probe.measure(features, labels);
    const ours = await probe.trainStep(features, labels, config.lr);
    features.dispose();
    const [acc1, acc3] = computeAccuracy(logits, labels, { ks: [1, 3], classes: config.classes });
    const tensors = await probe.toTensors();
    const norm = Math.hypot(...(tensors.get('fc.weight')!.values as Float32Array));
    expectNear([ours.loss, norm], [theirs.loss, theirs.fc_weight_norm], 2e-5);
    expectNear(Array.from(logits.subarray(0, 2 * config.classes)), theirs.logits_head, 5e-5);
    expectNear(Array.from(tensors.get('fc.bias')!.values as Float32Array), theirs.fc_bias, 2e-5);
    expect([acc1, acc3]).toEqual([theirs.acc1, theirs.acc3]);
  }
  probe.dispose();
  encoder.dispose();
  expect(engine.memory().tensors).toBe(0);
});

test('the neighbours’ votes are PyTorch’s', async () => {
  const unitRows = (key: number, rows: number) => {
    const values = Float32Array.from(noise(key, rows * 32));
    normaliseFeatures(values, 32);
    return values;
  };
  const { predicted, scores } = await classifyByNeighbours(engine, {
    bank: {
      values: unitRows(21, 200),
      featureDim: 32,
      labels: Int32Array.from({ length: 200 }, (_, i) => (i * 7) % 10),
    },
    queries: { values: unitRows(22, 20), featureDim: 32, labels: new Int32Array(20) },
    options: { k: knn.k, temperature: knn.t, classes: 10 },
  });
  expect(Array.from(predicted)).toEqual(knn.predicted);
  expectNear(Array.from(scores.subarray(0, 10)), knn.scores_head, 1e-5);
});
