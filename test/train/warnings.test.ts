// What is said of a training while it runs, from series of numbers as trainings give them.

import { describe, expect, test } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { measureFeatureStd } from '../../src/moco/feature-std.ts';
import { detectCollapse } from '../../src/train/warnings/collapse.ts';
import type { ContrastTask, LoggedStep } from '../../src/train/warnings/contrast-task.ts';
import { detectDataBound, type StepTimes } from '../../src/train/warnings/data-bound.ts';
import { detectLossAtChance } from '../../src/train/warnings/loss-at-chance.ts';
import { detectQueueFilling } from '../../src/train/warnings/queue-filling.ts';
import { type GivenWarning, TrainingWatch } from '../../src/train/warnings/watch-training.ts';

/** CIFAR-10 of the authors' demo, on one device: the queue is full after 256 steps. */
const task: ContrastTask = { queueSize: 65_536, keysPerStep: 256, dim: 128, terms: 1 };
const CHANCE = Math.log(65_537);
/** 1 / sqrt(128) */
const SPHERE = 0.0884;

/** A line every ten steps, from a step on. */
function makeLines(count: number, line: (step: number) => Partial<LoggedStep>, from = 0): LoggedStep[] {
  return Array.from({ length: count }, (_, i) => {
    const step = from + 10 * (i + 1);
    return { step, loss: 7, acc1: 20, featureStd: 0.08, ...line(step) };
  });
}

describe('the queue fills', () => {
  const rising = makeLines(5, (step) => ({ loss: 4 + step / 20 }));

  test('a loss that rises meanwhile is told as normal, with the line of chance', () => {
    expect(detectQueueFilling(rising, task)).toBe(
      'The loss rises while the queue fills with keys (step 50 of 256): this is normal. Chance is ln(K + 1) = 11.090; it comes near that, and falls when the queue is full.',
    );
    expect(detectQueueFilling(rising, { ...task, terms: 2 })).toContain('Chance is 2 ln(K + 1) = 22.181;');
  });

  test.each([
    ['a loss that falls', makeLines(5, (step) => ({ loss: 10 - step / 20 }))],
    ['noise', makeLines(8, (step) => ({ loss: 9 + Math.sin(step) / 10 }))],
    ['three lines', rising.slice(0, 3)],
    ['a full queue', makeLines(5, (step) => ({ loss: 4 + step / 200 }), 250)],
    ['nothing', []],
  ])('%s is not', (_, lines) => {
    expect(detectQueueFilling(lines, task)).toBeUndefined();
  });
});

describe('collapse', () => {
  test('features that are one are told, beside what fills the sphere', () => {
    const lines = makeLines(5, () => ({ featureStd: 0.0004 }), 300);
    expect(detectCollapse(lines, task)).toBe(
      'The features collapse: the standard deviation of their coordinates is 0.00040, where 0.0884 fills the sphere. Lower optimizer.lr, check that moco.shuffleBn is on (or model.bn is split), and look at the crops.',
    );
  });

  test('equal logits are told: loss at chance, and no negative above a key', () => {
    const lines = makeLines(5, () => ({ loss: CHANCE, acc1: 100 }), 300);
    expect(detectCollapse(lines, task)).toMatch(
      /^The logits are equal: the loss is ln\(K \+ 1\) = 11\.090, and no negative is above a key\. /,
    );
  });

  test.each([
    ['a healthy spread', makeLines(9, () => ({ featureStd: 0.6 * SPHERE }), 300)],
    ['an untrained network, close together', makeLines(9, () => ({ featureStd: 0.0004 }))],
    ['one line out of five', makeLines(5, (step) => ({ featureStd: step === 330 ? 0.05 : 0.0004 }), 300)],
    ['chance by guessing', makeLines(9, () => ({ loss: CHANCE, acc1: 0 }), 300)],
    ['every key found at a low loss', makeLines(9, () => ({ loss: 0.01, acc1: 100 }), 300)],
  ])('%s is none', (_, lines) => {
    expect(detectCollapse(lines, task)).toBeUndefined();
  });
});

describe('the loss stays at chance', () => {
  test('long after the queue is full, it is told', () => {
    const lines = makeLines(20, () => ({ loss: 11.05 }), 1300);
    expect(detectLossAtChance(lines, task)).toBe(
      'The loss is 11.050 and chance is ln(K + 1) = 11.090, 1244 steps after the queue was full: nothing is learned. Check optimizer.lr, moco.temperature and that both crops show the same image.',
    );
  });

  test.each([
    ['soon after', makeLines(20, () => ({ loss: 11.05 }), 1200)],
    ['below chance', makeLines(20, () => ({ loss: 10.5 }), 1300)],
    ['too few lines', makeLines(19, () => ({ loss: 11.05 }), 1300)],
  ])('%s, it is not', (_, lines) => {
    expect(detectLossAtChance(lines, task)).toBeUndefined();
  });
});

describe('waiting for images', () => {
  const intervals = (dataTimeMs: number): StepTimes[] =>
    Array.from({ length: 11 }, () => ({ dataTimeMs, stepTimeMs: 100 }));

  test('for more than half of the time is told', () => {
    expect(detectDataBound(intervals(150))).toBe(
      'The device waits for images 60% of the time. Raise loader.threads, put the images on a faster disk, or make them smaller beforehand.',
    );
  });

  test('for less is not, nor a slow start', () => {
    expect(detectDataBound(intervals(99))).toBeUndefined();
    const [first, ...rest] = intervals(10);
    expect(detectDataBound([{ ...first!, dataTimeMs: 1e6 }, ...rest])).toBeUndefined();
    expect(detectDataBound(intervals(150).slice(1))).toBeUndefined();
  });
});

describe('a training that is watched', () => {
  function watch(lines: readonly LoggedStep[] = [], given: readonly GivenWarning[] = []) {
    const said: string[] = [];
    const watched = new TrainingWatch({ task, warn: (message) => said.push(message), lines, given });
    return { watched, said };
  }
  const rising = makeLines(12, (step) => ({ loss: 4 + step / 20 }));

  test('is told each thing once, also where it goes on from a checkpoint', () => {
    const whole = watch();
    for (const line of rising) whole.watched.noteLine(line);
    expect(whole.said).toHaveLength(1);
    expect(whole.watched.given).toEqual([{ name: 'queue filling', message: whole.said[0] }]);
    for (let cut = 1; cut < rising.length; cut++) {
      const before = watch();
      for (const line of rising.slice(0, cut)) before.watched.noteLine(line);
      const after = watch(rising.slice(0, cut), before.watched.given);
      for (const line of rising.slice(cut)) after.watched.noteLine(line);
      expect(after.said).toEqual(whole.said);
      expect(after.watched.given).toEqual(whole.watched.given);
    }
  });

  test('keeps nothing about times, which differ between two runs of one seed', () => {
    const { watched, said } = watch();
    for (const line of makeLines(12, () => ({}))) {
      watched.noteTimes({ dataTimeMs: 900, stepTimeMs: 100 });
      watched.noteLine(line);
    }
    expect(said).toEqual([expect.stringContaining('waits for images 90% of the time')]);
    expect(watched.given).toEqual([]);
  });
});

describe('the spread of features', () => {
  /** A queue [2, 6] whose newest keys are the two before the pointer. */
  async function measure(columns: readonly (readonly [number, number])[], pointer: number): Promise<number> {
    await createEngine('cpu');
    const keys = tf.tidy(() => tf.transpose(tf.tensor2d(columns.map((column) => [...column]))));
    const std = await measureFeatureStd({ keys, pointer }, 2);
    keys.dispose();
    return std;
  }
  const [x, y]: [[number, number], [number, number]] = [
    [1, 0],
    [0, 1],
  ];

  test('is that of the newest keys alone, also where the pointer has come round', async () => {
    expect(await measure([x, x, x, y, x, x], 4)).toBeCloseTo(0.5, 6);
    expect(await measure([x, x, x, y, x, x], 2)).toBe(0);
    expect(await measure([x, x, x, x, x, y], 0)).toBeCloseTo(0.5, 6);
  });
});
