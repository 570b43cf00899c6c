// Training steps against PyTorch's numbers, to ten times the noise that float32 itself shows.

import { expect, test } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import { readTrainingCase, runTrainingCase } from './run-training-case.ts';

const fixtures = new URL('../fixtures/parity/', import.meta.url);

test.each(['moco_v1_r18.json', 'moco_v2_r18.json', 'moco_v1_r50.json'])(
  '%s: every number is PyTorch’s',
  async (file) => {
    const engine = await createEngine('wasm');
    const comparisons = await runTrainingCase(engine, readTrainingCase(new URL(file, fixtures)));
    const outside = comparisons.filter(
      ({ ours, theirs, tolerance }) => !(Math.abs(ours - theirs) <= tolerance),
    );
    expect(comparisons.length).toBeGreaterThan(50);
    expect(outside).toEqual([]);
    expect(engine.memory().tensors).toBe(0);
  },
);
