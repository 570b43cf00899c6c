// Random damage to the shipped recipes and experiments: each document is valid or ends in problems that can be
// shown, never in another error, changes no prototype and runs nothing. bench/fuzz-config.ts tries more.

import { expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-record.ts';
import { mutateYaml } from '../helpers/mutate-yaml.ts';
import { createConfigBench } from '../helpers/try-config.ts';

const COUNT = 1000;
const SEED = 1;

test(`${COUNT} damaged documents are valid or refused with problems`, () => {
  const bench = createConfigBench(makeFolder());
  const outcomes: { [code: string]: number } = {};
  for (let number = 0; number < COUNT; number++) {
    const outcome = bench.tryDocument(mutateYaml(bench.texts, SEED, number));
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  // The damage must reach every part, or this test would prove nothing.
  for (const code of [
    'valid',
    'CONFIG_YAML_SYNTAX',
    'CONFIG_UNKNOWN_KEY',
    'CONFIG_WRONG_TYPE',
    'CONFIG_FILE_MISSING',
  ])
    expect(outcomes[code], code).toBeGreaterThan(20);
});
