import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { collectStatus } from '../../src/runs/collect-status.ts';
import { acquireRunLock } from '../../src/runs/run-lock.ts';
import { openRunStore } from '../../src/runs/run-store.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeExperiment } from '../helpers/make-experiment.ts';
import { finishAll, makeFolder, makeRecord } from '../helpers/make-record.ts';

test('stages are counted by state, and one without a runner was interrupted', () => {
  const out = makeFolder();
  const graph = compilePlan(makeExperiment(), {});
  const store = openRunStore(out, 'demo');
  finishAll(graph, store);
  const [pretrain, extract] = graph.stages;
  const problem = { code: 'DATA_MISSING', message: 'No data.' };
  store.writeRecord(pretrain!.id, makeRecord(pretrain!, graph, { state: 'failed', problem }));
  store.writeRecord(
    extract!.id,
    makeRecord(extract!, graph, { state: 'running', endedAt: '2025-06-01T00:00:00.000Z' }),
  );
  mkdirSync(path.join(out, 'not-an-experiment'));
  const status = {
    name: 'demo',
    folder: path.join(out, 'demo'),
    stages: { done: 4, running: 0, failed: 1, interrupted: 1, unreadable: 0 },
    running: [],
    failed: [{ id: 'moco/trial-1/pretrain', code: 'DATA_MISSING' }],
    changedAt: '2025-06-01T00:00:00.000Z',
  };
  expect(collectStatus(out)).toEqual([status]);
  expect(collectStatus(path.join(out, 'demo'))).toEqual([status]);
});

test('with a runner, a running stage is running', () => {
  const out = makeFolder();
  const graph = compilePlan(makeExperiment(), {});
  const store = openRunStore(out, 'demo');
  const lock = acquireRunLock(store.folder, 'moco run demo.yaml');
  expect(collectStatus(out)).toMatchObject([{ name: 'demo', runner: { pid: process.pid } }]);
  store.writeRecord('report', makeRecord(graph.stages.at(-1)!, graph, { state: 'running' }));
  expect(collectStatus(out)).toMatchObject([{ running: ['report'], stages: { running: 1 } }]);
  lock.release();
});

test('a folder without runs has no experiments, a missing folder is a problem', () => {
  const out = makeFolder();
  expect(collectStatus(out)).toEqual([]);
  const missing = path.join(out, 'missing');
  expect(catchProblems(() => collectStatus(missing))).toEqual([
    {
      code: 'RUNS_FOLDER_MISSING',
      message: `Expected a folder of runs at ${missing} but there is none.`,
      hint: '`moco run FILE` makes one; give another folder behind the command, as in `moco status DIR`.',
    },
  ]);
});
