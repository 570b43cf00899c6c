import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { readRecords } from '../../src/runs/read-records.ts';
import { listRecordedStages, openRunStore } from '../../src/runs/run-store.ts';
import { writeFileAtomic } from '../../src/runs/write-file-atomic.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeExperiment } from '../helpers/make-experiment.ts';
import { finishAll, makeFolder, makeRecord } from '../helpers/make-record.ts';

test('a stage lies at experiment, method, trial, stage', () => {
  const out = makeFolder();
  const store = openRunStore(out, 'demo');
  expect(store.folderOf('moco/trial-1/pretrain')).toBe(path.join(out, 'demo/moco/trial-1/pretrain'));
  expect(store.folderOf('report')).toBe(path.join(out, 'demo/report'));
});

test('a record is read back as it was written', () => {
  const graph = compilePlan(makeExperiment(), {});
  const store = openRunStore(makeFolder(), 'demo');
  const record = makeRecord(graph.stages[0]!, graph);
  store.writeRecord(record.stage.id, record);
  expect(store.readRecord(record.stage.id)).toEqual({ state: 'ok', record });
});

test('opening a store creates nothing', () => {
  const out = path.join(makeFolder(), 'runs');
  openRunStore(out, 'demo').readRecord('report');
  expect(existsSync(out)).toBe(false);
});

test('all records of an experiment are found, also of stages that are in no plan', () => {
  const store = openRunStore(makeFolder(), 'demo');
  finishAll(compilePlan(makeExperiment({ trials: 2 }), {}), store);
  mkdirSync(path.join(store.folder, 'moco', 'notes'), { recursive: true });
  writeFileSync(path.join(store.folder, 'moco', 'notes', 'record.json'), '{}');
  expect(listRecordedStages(store.folder)).toHaveLength(11);
  expect(readRecords(store)).toHaveLength(11);
});

test('emptying a folder removes its old files and leaves the folder', () => {
  const store = openRunStore(makeFolder(), 'demo');
  finishAll(compilePlan(makeExperiment(), {}), store);
  store.emptyFolder('moco/trial-1/knn');
  expect(readdirSync(store.folderOf('moco/trial-1/knn'))).toEqual([]);
  expect(readdirSync(store.folderOf('moco/trial-1/lincls'))).toHaveLength(2);
});

test('a path out of the output root is refused', () => {
  const out = makeFolder();
  expect(catchProblems(() => openRunStore(out, '../elsewhere'))).toEqual([
    {
      code: 'RUN_PATH_OUTSIDE',
      message: `Expected a folder below ${out} but "../elsewhere" leads to ${path.resolve(out, '../elsewhere')}.`,
      hint: 'Names of experiments, methods and evaluations are folder names: no /, no .. in them.',
    },
  ]);
  const store = openRunStore(out, 'demo');
  for (const id of ['..', '.', '', '/etc', 'a/../../b']) {
    expect(catchProblems(() => store.emptyFolder(id))).toMatchObject([{ code: 'RUN_PATH_OUTSIDE' }]);
  }
});

test('a file that cannot be put in place leaves nothing behind', () => {
  const folder = makeFolder();
  mkdirSync(path.join(folder, 'taken', 'by-a-folder'), { recursive: true });
  expect(() => writeFileAtomic(path.join(folder, 'taken'), ['text'])).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(readdirSync(folder)).toEqual(['taken']);
});
