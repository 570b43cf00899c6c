// Schedules, accuracies, neighbours: small things with known answers.

import { describe, expect, test } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import { computeAccuracy } from '../../src/train/accuracy.ts';
import { classifyByNeighbours, normaliseFeatures } from '../../src/train/knn.ts';
import { computeLr } from '../../src/train/lr-schedule.ts';
import { StepMeter } from '../../src/train/meter.ts';

describe('the learning rate', () => {
  test('falls at the milestones of MoCo v1', () => {
    const schedule = { policy: 'step', milestones: [120, 160], gamma: 0.1 } as const;
    const at = (epoch: number) =>
      computeLr(0.03, { epoch, epochs: 200, schedule: { ...schedule, milestones: [120, 160] } });
    expect([0, 119, 120, 159, 160, 199].map((epoch) => Number(at(epoch).toPrecision(6)))).toEqual([
      0.03, 0.03, 0.003, 0.003, 0.0003, 0.0003,
    ]);
  });

  test('follows the cosine of MoCo v2: lr * 0.5 * (1 + cos(pi * epoch / epochs))', () => {
    const schedule = { policy: 'cosine' as const, milestones: [], gamma: 0.1 };
    const at = (epoch: number) => computeLr(0.03, { epoch, epochs: 200, schedule });
    expect(at(0)).toBe(0.03);
    expect(at(100)).toBeCloseTo(0.015, 12);
    expect(at(199)).toBeCloseTo(0.03 * 0.5 * (1 + Math.cos((Math.PI * 199) / 200)), 15);
  });

  test('stays where it is constant', () => {
    const schedule = { policy: 'constant' as const, milestones: [], gamma: 0.1 };
    expect(computeLr(0.5, { epoch: 7, epochs: 10, schedule })).toBe(0.5);
  });
});

describe('accuracy', () => {
  const logits = Float32Array.of(...[0.1, 0.9, 0.5], ...[0.7, 0.2, 0.3], ...[0.3, 0.3, 0.3]);

  test('counts a label in the top k when fewer than k logits are larger', () => {
    expect(computeAccuracy(logits, [1, 2, 0], { ks: [1, 2, 3], classes: 3 })).toEqual([
      (100 * 2) / 3,
      100,
      100,
    ]);
  });

  test('gives ties to the first, so that equal logits are no success for every class', () => {
    expect(computeAccuracy(logits.subarray(6), [2], { ks: [1, 2, 3], classes: 3 })).toEqual([0, 0, 100]);
  });

  test('counts NaN as wrong', () => {
    expect(computeAccuracy(Float32Array.of(Number.NaN, 0), [0], { ks: [1], classes: 2 })).toEqual([0]);
  });
});

test('a meter weighs by images', () => {
  const meter = new StepMeter();
  meter.add({ loss: 1, acc1: 10, acc5: 20 }, 30);
  meter.add({ loss: 4, acc1: 40, acc5: 80 }, 10);
  expect(meter.means).toEqual({ loss: 1.75, acc1: 17.5, acc5: 35 });
});

describe('neighbours', () => {
  test('vote with exp(similarity / t), and ties go to the lower class', async () => {
    const engine = await createEngine('wasm');
    const unit = (...angles: readonly number[]) =>
      Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
    const bank = { values: unit(0, 0.1, 1.5, 3), featureDim: 2, labels: Int32Array.of(0, 1, 1, 2) };
    const options = { k: 3, temperature: 0.1, classes: 3 };
    const queries = { values: unit(0.05, 1.4), featureDim: 2, labels: Int32Array.of(0, 1) };
    const { predicted, scores } = await classifyByNeighbours(engine, { bank, queries, options });
    const vote = (angle: number) => Math.exp(Math.cos(angle) / 0.1);
    expect(scores[0]).toBeCloseTo(vote(0.05), -1);
    expect(scores[1]! / (vote(0.05) + vote(1.45))).toBeCloseTo(1, 4);
    expect(Array.from(predicted)).toEqual([1, 1]);
  });

  test('are normalised without touching rows of zeros', () => {
    const values = Float32Array.of(3, 4, 0, 0);
    normaliseFeatures(values, 2);
    expect(Array.from(values)).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0]);
  });
});
