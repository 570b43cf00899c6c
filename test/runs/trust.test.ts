// What is on disk is never trusted blindly: flipped bits, changed and copied files, links.

import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import type { StageGraph } from '../../src/plan/stage-graph.ts';
import { refuseDamagedInput } from '../../src/runs/check-outputs.ts';
import { decideStages, decideStagesThoroughly } from '../../src/runs/decide-stages.ts';
import { openRunStore, type RunStore } from '../../src/runs/run-store.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeExperiment } from '../helpers/make-experiment.ts';
import { finishAll, makeFolder, makeRecord } from '../helpers/make-record.ts';

const PRETRAIN = 'moco/trial-1/pretrain';

let store: RunStore;
let graph: StageGraph;

beforeEach(() => {
  store = openRunStore(makeFolder(), 'demo');
  graph = compilePlan(makeExperiment(), {});
  finishAll(graph, store);
});

function flip(file: string, bit: number): void {
  const bytes = readFileSync(file);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  writeFileSync(file, bytes);
}

/** Ids of the stages that will run. */
function listToRun(decide: typeof decideStagesThoroughly): string[] {
  return [...decide(graph, store)].filter(([, { state }]) => state === 'to-run').map(([id]) => id);
}

test('every single flipped bit of a record is detected', () => {
  const file = path.join(store.folderOf(PRETRAIN), 'record.json');
  const bits = 8 * statSync(file).size;
  let accepted = 0;
  for (let bit = 0; bit < bits; bit++) {
    flip(file, bit);
    if (store.readRecord(PRETRAIN).state === 'ok') accepted++;
    flip(file, bit);
  }
  expect(store.readRecord(PRETRAIN).state).toBe('ok');
  expect(accepted).toBe(0);
});

test('a record without a checksum, or with that of another text, is not used', () => {
  const file = path.join(store.folderOf(PRETRAIN), 'record.json');
  const { checksum: _, ...record } = JSON.parse(readFileSync(file, 'utf8'));
  const write = (value: object) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
  write(record);
  expect(store.readRecord(PRETRAIN)).toEqual({ state: 'unreadable', cause: 'has no checksum' });
  write({ checksum: '0'.repeat(64), ...record });
  const cause = 'was changed: it does not fit its checksum';
  expect(store.readRecord(PRETRAIN)).toEqual({ state: 'unreadable', cause });
});

test('an output outside of the folder of its stage makes a record invalid', () => {
  const stage = graph.stages.find(({ id }) => id === PRETRAIN)!;
  const { result } = makeRecord(stage, graph);
  const outputs = [{ path: '../../../../etc/passwd', bytes: 1, sha256: '' }];
  store.writeRecord(PRETRAIN, makeRecord(stage, graph, { result: { ...result!, outputs } }));
  expect(store.readRecord(PRETRAIN)).toEqual({ state: 'unreadable', cause: 'has no valid "result"' });
});

test('copied results are still up to date: where only the time of a file differs, its content decides', () => {
  const copy = openRunStore(makeFolder(), 'demo');
  cpSync(store.folder, copy.folder, { recursive: true });
  const states = [...decideStages(graph, copy).values()].map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['up-to-date']));
});

test('a bit that flipped in an output, its size and time as before, is found before a stage reads it', () => {
  const file = path.join(store.folderOf(PRETRAIN), 'out.txt');
  // A whole second: every file system keeps it as it is.
  const changedAt = new Date('2025-01-01T00:00:00Z');
  utimesSync(file, changedAt, changedAt);
  const { mtimeMs } = statSync(file);
  const stage = graph.stages.find(({ id }) => id === PRETRAIN)!;
  const { result } = makeRecord(stage, graph);
  const outputs = result!.outputs.map((output) => ({ ...output, mtimeMs }));
  store.writeRecord(PRETRAIN, makeRecord(stage, graph, { result: { ...result!, outputs } }));
  flip(file, 9);
  utimesSync(file, changedAt, changedAt);
  // Nobody is to read it: looking at size and time is enough.
  expect(listToRun(decideStages)).toEqual([]);
  expect(listToRun(decideStagesThoroughly)).toEqual([]);
  // Once a stage is to run that reads it, so is the stage that leaves it.
  writeFileSync(path.join(store.folderOf('moco/trial-1/extract'), 'record.json'), '{}');
  expect(listToRun(decideStages)).not.toContain(PRETRAIN);
  expect(listToRun(decideStagesThoroughly)).toContain(PRETRAIN);
  expect(decideStagesThoroughly(graph, store).get(PRETRAIN)?.reason).toBe(
    'output changed: out.txt (checksum)',
  );
  expect(catchProblems(() => refuseDamagedInput(file))).toEqual([
    {
      code: 'RUN_INPUT_DAMAGED',
      message: `Expected ${file} as the stage before left it but its content is another one.`,
      hint: 'The disk or a program changed it. Run again: the stage that leaves it runs first.',
    },
  ]);
});

test('nothing is written or deleted through a link that leads out of the runs', () => {
  const out = makeFolder();
  const elsewhere = makeFolder();
  writeFileSync(path.join(elsewhere, 'precious'), 'x');
  mkdirSync(path.join(out, 'demo'));
  symlinkSync(elsewhere, path.join(out, 'demo/moco'));
  const linked = openRunStore(out, 'demo');
  expect(catchProblems(() => linked.emptyFolder(PRETRAIN))).toEqual([
    {
      code: 'RUN_PATH_OUTSIDE',
      message: `Expected a folder of its own below ${out}/demo but ${out}/demo/moco is a link to ${elsewhere}.`,
      hint: 'Nothing is written or deleted through links in there. To keep runs elsewhere, give that folder with --out.',
    },
  ]);
  const record = makeRecord(graph.stages[0]!, graph);
  expect(catchProblems(() => linked.writeRecord(PRETRAIN, record))).toMatchObject([
    { code: 'RUN_PATH_OUTSIDE' },
  ]);
  symlinkSync(elsewhere, path.join(out, 'linked'));
  expect(catchProblems(() => openRunStore(out, 'linked'))).toMatchObject([{ code: 'RUN_PATH_OUTSIDE' }]);
  expect(readdirSync(elsewhere)).toEqual(['precious']);
});
