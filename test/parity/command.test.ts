// The real `moco parity`: its tables, its exit codes, and that a wrong number is found.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

const fixture = (name: string) => `test/fixtures/parity/${name}.json`;

/** A shipped case with something changed. */
function changedCase(name: string, change: (content: ReturnType<typeof JSON.parse>) => void): string {
  const content = JSON.parse(readFileSync(fixture(name), 'utf8'));
  change(content);
  const file = path.join(makeFolder(), `${name}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

test('numbers that agree end in 0, with a line a group', async () => {
  const { code, stdout, stderr } = await runCli([
    'parity',
    fixture('moco_quick_r18'),
    fixture('augment'),
    '--engine',
    'wasm',
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^engine wasm/);
  expect(stdout).toMatch(/\n {2}gradient norm +2 +step \d .* ok\n/);
  expect(stdout).toMatch(/all \d+ numbers are within their tolerances/);
  expect(stdout).toMatch(/\n2 of 2 cases agree with PyTorch\.\n$/);
  expect(stderr).toContain('1/2 moco_quick_r18.json on wasm: step 2 of 2\n');
});

test('a wrong number is outside, though rounding is measured first, and ends in 1', async () => {
  const file = changedCase('moco_quick_r18', (content) => {
    content.steps[1].query_norms['fc.2.weight'] *= 1.01;
  });
  const { code, stdout } = await runCli(['parity', file, '--engine', 'wasm', '--json']);
  const { within, cases } = JSON.parse(stdout);
  expect([code, within]).toEqual([1, false]);
  const outside = cases[0].comparisons.filter((each: { within: boolean }) => !each.within);
  expect(outside.map(({ at }: { at: string }) => at)).toEqual(['step 1 fc.2.weight']);
}, 600_000);

test('what a file holds and nothing is compared with is named', async () => {
  const file = changedCase('augment', (content) => {
    content.random_resized_crop.median = [1, 2, 3, 4];
  });
  const { code, stdout } = await runCli(['parity', file, '--engine', 'wasm']);
  expect(code).toBe(0);
  expect(stdout).toContain('Note: In the file but not compared: random_resized_crop.median.\n');
});

test('wrong pixels are outside', async () => {
  const file = changedCase('augment', (content) => {
    content.ops['hue 0.1'] = content.ops['hue 0.4'];
  });
  const { code, stdout } = await runCli(['parity', file, '--engine', 'wasm']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/hue 0\.1, TypeScript .* OUTSIDE\n/);
  expect(stdout).toMatch(/1 of 1 cases are outside the tolerance: augment\.json\.\n$/);
});

test('translate: a quoted command, its words behind --, and stderr for what is left out', async () => {
  const text = await runCli(['translate', 'python main_moco.py -a resnet18 --gpu 0 --cos d']);
  const words = await runCli([
    'translate',
    '--',
    'python',
    'main_moco.py',
    '-a',
    'resnet18',
    '--gpu',
    '0',
    '--cos',
    'd',
  ]);
  expect(text).toEqual(words);
  expect(text.code).toBe(0);
  expect(text.stderr).toBe('No counterpart: --gpu 0 (devices: 1, and moco run --devices cuda:N)\n');
  const foreign = await runCli(['translate', 'python main_moco.py -a vgg16 d']);
  expect([foreign.code, foreign.stdout]).toEqual([2, '']);
  expect(foreign.stderr).toContain('for model.arch but received "vgg16"');
});
