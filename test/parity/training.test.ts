// Training steps against PyTorch's numbers, to ten times the noise that float32 itself shows.

import { expect, test } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import { isWithin } from '../../src/parity/comparison.ts';
import { runCase } from '../../src/parity/run-case.ts';
import { hasTensorflow, trainingEngines } from '../helpers/available-engines.ts';

const cases = [
  ...[
    'moco_v1_r18',
    'moco_v2_r18',
    'moco_v2_r18_2ranks', // Its other ranks are processes of their own.
    'moco_v1_r18_4ranks',
    'moco_v1_r50',
    'lincls_r18',
  ].flatMap((file) => trainingEngines.map((name) => [file, name] as const)),
  // All cases pass (`moco parity --engine tensorflow`); these are the ones that a test run has the time for.
  ...['moco_v2_r18_2ranks', 'lincls_r18'].flatMap((file) =>
    hasTensorflow ? [[file, 'tensorflow'] as const] : [],
  ),
  ['augment', 'wasm'] as const, // no engine takes part
];

test.each(cases)(
  '%s on %s: every number is PyTorch’s',
  async (file, name) => {
    const engine = await createEngine(name);
    const { comparisons } = await runCase(engine, `test/fixtures/parity/${file}.json`);
    expect(comparisons.length).toBeGreaterThan(50);
    expect(comparisons.filter((comparison) => !isWithin(comparison))).toEqual([]);
    expect(engine.memory().tensors).toBe(0);
  },
  600_000,
);
