import { expect, test } from 'vitest';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import type { StageGraph } from '../../src/plan/stage-graph.ts';
import { estimateDurations } from '../../src/runs/estimate-durations.ts';
import type { RunRecord } from '../../src/runs/run-record.ts';
import { makeExperiment, makeMethod, smallModel } from '../helpers/make-experiment.ts';
import { makeRecord } from '../helpers/make-record.ts';

const compile = (changes: Partial<ResolvedExperiment> = {}) => compilePlan(makeExperiment(changes), {});

/** Records of all stages that finished: 1,000 images at 125 a second, 2 s beside them. */
function recordAll(graph: StageGraph, changes: Partial<RunRecord> = {}): RunRecord[] {
  return graph.stages.map((stage) => makeRecord(stage, graph, changes));
}

test('nothing is estimated before anything has run', () => {
  const graph = compile();
  expect(new Set(estimateDurations(graph, []).values())).toEqual(new Set([null]));
});

test('images take as long as before, and so does what is beside them', () => {
  const graph = compile();
  const [pretrain] = graph.stages;
  const estimate = estimateDurations(graph, recordAll(graph), 'here').get('moco/trial-1/pretrain');
  expect(estimate).toBeCloseTo(2000 + (pretrain!.cost.images! / 125) * 1000, 3);
});

test('a stage without images takes as long as one of its kind', () => {
  const graph = compile();
  expect(estimateDurations(graph, recordAll(graph), 'here').get('moco/trial-1/extract')).toBe(10_000);
});

test('a second trial is estimated from the first, and a second method of the same network too', () => {
  const records = recordAll(compile());
  const estimates = estimateDurations(
    compile({ trials: 2, methods: [makeMethod('new'), makeMethod('moco')] }),
    records,
  );
  expect(estimates.get('moco/trial-2/lincls')).toBeGreaterThan(0);
  expect(estimates.get('new/trial-1/lincls')).toBe(estimates.get('moco/trial-2/lincls'));
});

test.each([
  ['network', { model: { ...smallModel, width: 16 } }],
  ['engine', { engine: 'cpu' }],
  ['precision', { precision: 'bf16' }],
  ['image size', { augment: [{ op: 'randomCrop', size: 64, padding: 4 }] }],
] as const)('another %s gives no estimate of pre-training', (_, recipe) => {
  const records = recordAll(compile());
  const graph = compile({ methods: [makeMethod('moco', recipe as Parameters<typeof makeMethod>[1])] });
  expect(estimateDurations(graph, records).get('moco/trial-1/pretrain')).toBeNull();
});

test('records of this host count before later ones of another', () => {
  const graph = compile();
  const records = [
    ...recordAll(graph, {
      host: { ...makeRecord(graph.stages[0]!, graph).host, name: 'fast' },
      durationMs: 1,
      startedAt: '2026',
    }),
    ...recordAll(graph),
  ];
  const id = 'moco/trial-1/extract';
  expect(estimateDurations(graph, records, 'here').get(id)).toBe(10_000);
  expect(estimateDurations(graph, records, 'fast').get(id)).toBe(1);
  expect(estimateDurations(graph, records, 'third').get(id)).toBe(1);
});

test('failed stages tell nothing about time', () => {
  const graph = compile();
  const estimates = estimateDurations(graph, recordAll(graph, { state: 'failed' }));
  expect(new Set(estimates.values())).toEqual(new Set([null]));
});
