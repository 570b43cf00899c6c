import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { compare } from '../../src/cli/compare.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { compareRuns } from '../../src/report/compare/compare-runs.ts';
import { findRuns } from '../../src/report/compare/find-runs.ts';
import { renderComparison } from '../../src/report/compare/render-comparison.ts';
import { openRunStore } from '../../src/runs/run-store.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { lincls, makeExperiment, makeMethod } from '../helpers/make-experiment.ts';
import { makeFolder, makeRecord } from '../helpers/make-record.ts';

let folder: string;

/** Two methods of two trials that differ in two settings; v2's second trial ran elsewhere and is not done. */
beforeEach(() => {
  const optimizer = { lr: 0.06, momentum: 0.9, weightDecay: 0.001 };
  const graph = compilePlan(
    makeExperiment({
      ...{ name: 'table', trials: 2, evaluations: [lincls] },
      methods: [makeMethod('v1'), makeMethod('v2', { optimizer, epochs: 9 })],
    }),
    {},
  );
  const store = openRunStore(makeFolder(), 'table');
  folder = store.folder;
  const host = { name: 'there', platform: 'linux x64', cpu: 'test', cores: 2, memoryBytes: 1e9 };
  for (const stage of graph.stages) {
    const isLate = stage.method === 'v2' && stage.trial === 2;
    const record = makeRecord(stage, graph);
    const metrics = { top1: stage.method === 'v2' ? 67.5 : 60 + (stage.trial ?? 0) };
    const result = { ...record.result!, metrics };
    store.writeRecord(stage.id, {
      ...record,
      result,
      ...(isLate ? { state: 'running' as const, host } : {}),
    });
  }
});

test('an experiment stands for its methods: what differs in settings and surroundings, and every result', () => {
  const comparison = compareRuns(findRuns([folder]));
  expect(comparison.runs).toEqual([path.join(folder, 'v1'), path.join(folder, 'v2')]);
  expect(comparison.settings.filter(({ stage }) => stage === 'pretrain')).toEqual([
    { stage: 'pretrain', path: 'epochs', values: [[200], [9]] },
    { stage: 'pretrain', path: 'optimizer.weightDecay', values: [[0.0005], [0.001]] },
  ]);
  expect(comparison.surroundings).toContainEqual({
    ...{ stage: '', path: 'host.name' },
    values: [['here'], ['here', 'there']],
  });
  expect(comparison.results.filter(({ stage }) => stage === 'lincls')).toEqual([
    {
      ...{ stage: 'lincls', metric: 'top1' },
      cells: [
        { mean: 61.5, populationStd: 0.5, sampleStd: Math.SQRT1_2, values: [61, 62] },
        { mean: 67.5, populationStd: 0, sampleStd: null, values: [67.5] },
      ],
    },
  ]);
});

test('trials and stages are runs too', () => {
  const trials = ['v1/trial-1', 'v1/trial-2'].map((name) => path.join(folder, name));
  const { settings, results } = compareRuns(findRuns(trials));
  expect(settings.map(({ path: setting }) => setting).filter((setting) => setting !== 'trial')).toEqual([]);
  expect(results.find(({ stage }) => stage === 'lincls')!.cells.map((cell) => cell!.mean)).toEqual([61, 62]);
  const stages = ['v1/trial-1/lincls', 'v2/trial-1/lincls'].map((name) => path.join(folder, name));
  expect(compareRuns(findRuns(stages)).results).toMatchObject([
    { stage: 'lincls', cells: [{ mean: 61 }, { mean: 67.5 }] },
  ]);
});

test('the table has a column a run, named without the folders that they share', () => {
  const text = renderComparison(compareRuns(findRuns([folder])));
  expect(text).toContain('settings that differ                v1     v2\n');
  expect(text).toContain('pretrain optimizer.weightDecay  0.0005  0.001\n');
  expect(text).toMatch(/\nlincls top1 +61.50±0.50 \(2\) +67.5 \(1\)\n/);
});

test('folders that are not there or have no records are problems, all at once', () => {
  const [missing, empty] = [path.join(folder, 'v3'), path.join(folder, 'empty')];
  mkdirSync(empty);
  expect(catchProblems(() => findRuns([missing, folder, empty]))).toEqual([
    {
      code: 'RUNS_FOLDER_MISSING',
      message: `Expected a folder of runs at ${missing} but there is none.`,
      hint: '`moco status` lists what there is.',
    },
    {
      code: 'RUNS_FOLDER_EMPTY',
      message: `Expected the folder of a run at ${empty} but no stage below it has a record.`,
      hint: 'Give the folder of an experiment, a method, a trial or a stage: runs/quickstart/mocov2.',
    },
  ]);
});

test('one run alone is a problem', () => {
  const alone = path.join(folder, 'v1');
  expect(catchProblems(() => compare([alone], {}))).toEqual([
    {
      code: 'RUNS_TOO_FEW',
      message: `Expected at least two runs to compare but received one: ${alone}.`,
      hint: 'Give another folder, or the folder of an experiment of several methods.',
    },
  ]);
});
