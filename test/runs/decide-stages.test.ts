import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import type { StageGraph } from '../../src/plan/stage-graph.ts';
import { decideStages } from '../../src/runs/decide-stages.ts';
import type { RunRecord } from '../../src/runs/run-record.ts';
import { openRunStore, type RunStore } from '../../src/runs/run-store.ts';
import { knn, lincls, makeExperiment, makeKnnRecipe, makeMethod } from '../helpers/make-experiment.ts';
import { finishAll, makeFolder, makeRecord } from '../helpers/make-record.ts';

const PRETRAIN = 'moco/trial-1/pretrain';
const LINCLS = 'moco/trial-1/lincls';
const KNN = 'moco/trial-1/knn';

let store: RunStore;
let graph: StageGraph;

beforeEach(() => {
  store = openRunStore(makeFolder(), 'demo');
  graph = compilePlan(makeExperiment(), {});
});

/** Reasons by stage, without the stages that are up to date. */
function explain(plan: StageGraph): { [id: string]: string } {
  const toRun = [...decideStages(plan, store)].filter(([, { state }]) => state === 'to-run');
  return Object.fromEntries(toRun.map(([id, { reason }]) => [id, reason]));
}

function change(changes: Partial<ResolvedExperiment>): StageGraph {
  return compilePlan(makeExperiment(changes), {});
}

function rewrite(id: string, changes: Partial<RunRecord>): void {
  const stage = graph.stages.find((candidate) => candidate.id === id);
  if (!stage) throw new Error(`No stage ${id}.`);
  store.writeRecord(id, makeRecord(stage, graph, changes));
}

test('a stage without a record has never run', () => {
  expect(new Set(Object.values(explain(graph)))).toEqual(new Set(['never run']));
});

test('a finished graph is up to date', () => {
  finishAll(graph, store);
  const decisions = [...decideStages(graph, store).values()];
  expect(decisions).toEqual(graph.stages.map(() => ({ state: 'up-to-date', reason: 'up to date' })));
});

test('a changed setting is named, and what follows names the stage where it began', () => {
  finishAll(graph, store);
  const changed = change({
    methods: [makeMethod('moco', { optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 5e-4 } })],
  });
  expect(explain(changed)).toEqual({
    [PRETRAIN]: 'config changed: optimizer.lr 0.06 -> 0.03',
    'moco/trial-1/extract': 'input changed: pretrain',
    'moco/trial-1/sanity-check': 'input changed: pretrain',
    [LINCLS]: 'input changed: pretrain',
    [KNN]: 'input changed: pretrain',
    report: `input changed: ${PRETRAIN}`,
  });
});

test('of many changed settings three are named', () => {
  finishAll(graph, store);
  const methods = [
    makeMethod('moco', {
      epochs: 10,
      batchSize: 64,
      engine: 'cpu',
      augment: [],
      schedule: { policy: 'constant', milestones: [1], gamma: 0.1 },
    }),
  ];
  expect(explain(change({ methods }))[PRETRAIN]).toBe(
    'config changed: engine wasm -> cpu, epochs 200 -> 10, batchSize 512 -> 64 and 3 more',
  );
});

test('a setting that comes or goes is set against unset', () => {
  finishAll(graph, store);
  const { data } = makeKnnRecipe();
  const limited = makeKnnRecipe({ data: { ...data, limit: { train: 10, seed: 0 } } });
  expect(explain(change({ evaluations: [lincls, { ...knn, recipe: limited }] }))).toMatchObject({
    [KNN]: 'config changed: data.limit unset -> {"seed":0,"train":10}',
  });
});

test('an evaluation that changes leaves the other stages alone', () => {
  finishAll(graph, store);
  const evaluations = [lincls, { ...knn, recipe: makeKnnRecipe({ k: 20 }) }];
  expect(explain(change({ evaluations }))).toEqual({
    [KNN]: 'config changed: k 200 -> 20',
    report: `input changed: ${KNN}`,
  });
});

test('another seed is the reason for every trial', () => {
  finishAll(graph, store);
  const reasons = explain(change({ seed: 1 }));
  expect(new Set(Object.values(reasons))).toEqual(new Set(['seed changed']));
  expect(Object.keys(reasons)).toHaveLength(graph.stages.length);
});

test('another trial is run, and nothing else but the report', () => {
  finishAll(graph, store);
  const reasons = explain(change({ trials: 2 }));
  expect(Object.keys(reasons).filter((id) => !id.startsWith('moco/trial-2/'))).toEqual(['report']);
  expect(reasons.report).toBe('config changed: trials 1 -> 2');
});

test('an input that is no longer one is a change', () => {
  finishAll(graph, store);
  const sanity = 'moco/trial-1/sanity-check';
  const stage = graph.stages.find(({ id }) => id === sanity)!;
  const inputs = { ...makeRecord(stage, graph).inputs, 'moco/trial-1/gone': 'f' };
  rewrite(sanity, { inputs, fingerprint: '0'.repeat(64) });
  expect(explain(graph)[sanity]).toBe('input changed: gone');
});

test('a new version of the program names the kind of stage that it changes', () => {
  finishAll(graph, store);
  rewrite(PRETRAIN, { fingerprint: '0'.repeat(64) });
  expect(explain(graph)).toMatchObject({
    [PRETRAIN]: 'program changed: this version of mocolab gives other results for pretrain',
    [KNN]: 'input reruns: pretrain',
  });
});

test('a failed stage runs again and names its error', () => {
  finishAll(graph, store);
  rewrite(LINCLS, { state: 'failed', problem: { code: 'DATA_MISSING', message: 'No data.' } });
  expect(explain(graph)).toEqual({
    [LINCLS]: 'failed last time: DATA_MISSING',
    report: `input reruns: ${LINCLS}`,
  });
});

test.each(['running', 'interrupted'] as const)('a record that says %s is an interrupted stage', (state) => {
  finishAll(graph, store);
  rewrite(LINCLS, { state });
  expect(explain(graph)[LINCLS]).toBe('interrupted');
});

describe('outputs', () => {
  const output = () => path.join(store.folderOf(PRETRAIN), 'out.txt');

  test('that are missing are made again, and all that follows', () => {
    finishAll(graph, store);
    rmSync(output());
    expect(explain(graph)).toMatchObject({
      [PRETRAIN]: 'output missing: out.txt',
      [KNN]: 'input reruns: pretrain',
      report: `input reruns: ${PRETRAIN}`,
    });
  });

  test('of another length are made again', () => {
    finishAll(graph, store);
    writeFileSync(output(), 'cu');
    expect(explain(graph)[PRETRAIN]).toBe('output changed: out.txt');
  });
});

describe('a record that cannot be believed is not used, and says why', () => {
  const record = () => path.join(store.folderOf(PRETRAIN), 'record.json');
  const edit = (changes: { [key: string]: unknown }) => {
    const value = { ...JSON.parse(readFileSync(record(), 'utf8')), ...changes };
    writeFileSync(record(), JSON.stringify(value));
    return explain(graph)[PRETRAIN];
  };

  beforeEach(() => finishAll(graph, store));

  test('because it was cut off', () => {
    writeFileSync(record(), '{"recordVersion": 1, "sta');
    expect(explain(graph)[PRETRAIN]).toBe('record unreadable: record.json is not a JSON object');
  });

  test('because it is from a newer version', () => {
    expect(edit({ recordVersion: 2 })).toBe('record of a newer version of mocolab (recordVersion 2)');
  });

  test('because it has no version', () => {
    expect(edit({ recordVersion: undefined })).toBe('record unreadable: record.json has no recordVersion');
  });

  const fields = {
    state: 'finished',
    stage: {},
    fingerprint: 'abc',
    identity: [],
    inputs: { a: 1 },
    seed: 0.5,
    host: null,
    result: { metrics: { top1: 'high' }, outputs: [] },
  };
  test.each(Object.entries(fields))('because its field %s is wrong', (field, value) => {
    expect(edit({ [field]: value })).toBe(`record unreadable: record.json has no valid "${field}"`);
  });
});
