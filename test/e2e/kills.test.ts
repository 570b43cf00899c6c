// Killed at random moments, the runner and its workers alike, an experiment ends as if nothing had happened.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { KILLED_EXPERIMENT, killRuns } from '../helpers/kill-runs.ts';
import { makeFolder } from '../helpers/make-record.ts';

test('20 SIGKILLs at random moments change no byte of what a run leaves, times apart', async () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'small.yaml'), KILLED_EXPERIMENT);
  const { whole, kills, left } = await killRuns({ folder, kills: 20, rng: stream(Date.now(), 'kills') });
  expect(Object.keys(whole).filter((file) => file.endsWith('metrics.jsonl'))).toHaveLength(2);
  expect(kills).toHaveLength(20);
  for (const each of left) expect(each).toEqual(whole);
}, 600_000);
