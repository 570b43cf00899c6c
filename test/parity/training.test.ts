// Training steps against PyTorch's numbers, to ten times the noise that float32 itself shows.

import { expect, test } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import { trainingEngines } from '../helpers/available-engines.ts';
import { readTrainingCase, runTrainingCase } from './run-training-case.ts';

const fixtures = new URL('../fixtures/parity/', import.meta.url);

const cases = ['moco_v1_r18.json', 'moco_v2_r18.json', 'moco_v1_r50.json'].flatMap((file) =>
  trainingEngines.map((name) => [file, name] as const),
);

test.each(cases)('%s on %s: every number is PyTorch’s', async (file, name) => {
  const engine = await createEngine(name);
  const comparisons = await runTrainingCase(engine, readTrainingCase(new URL(file, fixtures)));
  const outside = comparisons.filter(
    ({ ours, theirs, tolerance }) => !(Math.abs(ours - theirs) <= tolerance),
  );
  expect(comparisons.length).toBeGreaterThan(50);
  expect(outside).toEqual([]);
  expect(engine.memory().tensors).toBe(0);
});
