// Random damage: each file either loads or ends in a problem that says what is wrong, never in another
// error, and takes no more memory than a few times its size. bench/fuzz-checkpoints.ts tries more.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repairChecksums, tryFile } from '../helpers/fuzz-files.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { mutate } from '../helpers/mutate.ts';

const fixtures = path.resolve('test/fixtures/torch');
const COUNT = 2000;
const SEED = 1;

test(`${COUNT} damaged files load or are refused with a problem`, () => {
  const folder = makeFolder();
  const files = readdirSync(fixtures)
    .filter((name) => name.endsWith('.pth'))
    .map((name) => readFileSync(path.join(fixtures, name)));
  const outcomes: { [code: string]: number } = {};
  for (let i = 0; i < COUNT; i++) {
    const damaged = mutate(files[i % files.length]!, SEED, i);
    // Every second zip has its checksums put right, so that the damage reaches the pickle.
    const code = tryFile(path.join(folder, 'x.pth'), i % 2 ? repairChecksums(damaged) : damaged);
    outcomes[code] = (outcomes[code] ?? 0) + 1;
  }
  // The damage must reach every part, or this test would prove nothing.
  for (const code of [
    'loads',
    'PICKLE_INVALID',
    'PICKLE_FOREIGN_GLOBAL',
    'ZIP_INVALID',
    'ZIP_CRC_WRONG',
    'TENSOR_FILE_TRUNCATED',
  ]) {
    expect(outcomes[code], code).toBeGreaterThan(5);
  }
});
