import { expect, test } from 'vitest';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import type { Stage, StageGraph } from '../../src/plan/stage-graph.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import {
  knn,
  lincls,
  makeExperiment,
  makeKnnRecipe,
  makeMethod,
  makeReportConfig,
} from '../helpers/make-experiment.ts';

function find(graph: StageGraph, id: string): Stage {
  const stage = graph.stages.find((candidate) => candidate.id === id);
  if (!stage) throw new Error(`No stage ${id} among ${graph.stages.map((other) => other.id).join(', ')}.`);
  return stage;
}

function fingerprints(graph: StageGraph): Map<string, string> {
  return new Map(graph.stages.map((stage) => [stage.id, stage.fingerprint]));
}

test('a method in a trial is a chain, and one report needs all evaluations', () => {
  const graph = compilePlan(makeExperiment({ trials: 2 }), {});
  const needs = Object.fromEntries(graph.stages.map((stage) => [stage.id, stage.needs]));
  expect(needs).toEqual({
    'moco/trial-1/pretrain': [],
    'moco/trial-1/extract': ['moco/trial-1/pretrain'],
    'moco/trial-1/sanity-check': ['moco/trial-1/pretrain', 'moco/trial-1/extract'],
    'moco/trial-1/lincls': ['moco/trial-1/extract', 'moco/trial-1/sanity-check'],
    'moco/trial-1/knn': ['moco/trial-1/extract', 'moco/trial-1/sanity-check'],
    'moco/trial-2/pretrain': [],
    'moco/trial-2/extract': ['moco/trial-2/pretrain'],
    'moco/trial-2/sanity-check': ['moco/trial-2/pretrain', 'moco/trial-2/extract'],
    'moco/trial-2/lincls': ['moco/trial-2/extract', 'moco/trial-2/sanity-check'],
    'moco/trial-2/knn': ['moco/trial-2/extract', 'moco/trial-2/sanity-check'],
    report: ['moco/trial-1/lincls', 'moco/trial-1/knn', 'moco/trial-2/lincls', 'moco/trial-2/knn'],
  });
});

test('every stage comes after the ones that it needs', () => {
  const methods = [makeMethod('a'), makeMethod('b', { method: 'untrained' })];
  const { stages } = compilePlan(makeExperiment({ trials: 3, methods }), {});
  const seen = new Set<string>();
  for (const stage of stages) {
    expect(stage.needs.filter((need) => !seen.has(need))).toEqual([]);
    seen.add(stage.id);
  }
});

test('an untrained or a ready-made encoder is extracted without pre-training', () => {
  const methods = [
    makeMethod('untrained', { method: 'untrained' }),
    makeMethod('given', { method: 'pretrained', checkpoint: 'moco.safetensors' }),
  ];
  const graph = compilePlan(makeExperiment({ methods }), {});
  expect(graph.stages.filter((stage) => stage.kind === 'pretrain')).toEqual([]);
  expect(find(graph, 'untrained/trial-1/extract').config).toMatchObject({ from: { kind: 'initialisation' } });
  expect(find(graph, 'given/trial-1/extract').config).toMatchObject({
    from: { kind: 'file', path: 'moco.safetensors' },
  });
});

test('without evaluations there is no report', () => {
  const graph = compilePlan(makeExperiment({ evaluations: [], report: makeReportConfig() }), {});
  expect(graph.stages.map((stage) => stage.kind)).toEqual(['pretrain', 'extract', 'sanity-check']);
});

test('the folder of an evaluation is its name, whatever its kind', () => {
  const evaluations = [{ ...knn, name: 'knn-20', recipe: makeKnnRecipe({ k: 20 }) }, knn];
  const graph = compilePlan(makeExperiment({ evaluations, report: makeReportConfig() }), {});
  expect(find(graph, 'moco/trial-1/knn-20')).toMatchObject({ kind: 'knn', evaluation: 'knn-20' });
});

test('names that would share a folder are problems, all at once', () => {
  const methods = [makeMethod('report'), makeMethod('moco'), makeMethod('moco')];
  const evaluations = [{ ...lincls, name: 'extract' }];
  expect(catchProblems(() => compilePlan(makeExperiment({ methods, evaluations }), {}))).toEqual([
    {
      code: 'PLAN_NAME_TAKEN',
      message: 'Expected every method to have a folder of its own but the program already uses "report".',
      hint: 'Give the method another name. Reserved: report.',
    },
    {
      code: 'PLAN_NAME_TAKEN',
      message: 'Expected every method to have a folder of its own but another method already uses "moco".',
      hint: 'Give the method another name. Reserved: report.',
    },
    {
      code: 'PLAN_NAME_TAKEN',
      message:
        'Expected every evaluation to have a folder of its own but the program already uses "extract".',
      hint: 'Give the evaluation another name. Reserved: pretrain, extract, sanity-check.',
    },
  ]);
});

test('a ready-made encoder without a file is a problem', () => {
  const methods = [makeMethod('given', { method: 'pretrained' })];
  expect(catchProblems(() => compilePlan(makeExperiment({ methods }), {}))).toEqual([
    {
      code: 'PLAN_CHECKPOINT_MISSING',
      message: 'Expected method given to name its checkpoint, being pretrained, but it names none.',
      hint: 'Give it as `checkpoint:` in the method, or use `method: untrained` for the initialisation.',
    },
  ]);
});

test('trials have seeds of their own, and methods share them', () => {
  const methods = [makeMethod('a'), makeMethod('b')];
  const { stages } = compilePlan(makeExperiment({ methods, trials: 3 }), {});
  const seeds = new Set(stages.map((stage) => `${stage.trial} ${stage.seed}`));
  expect(seeds.size).toBe(4); // Three trials and the report.
});

test('another trial, method or evaluation leaves every fingerprint but the report as it was', () => {
  const before = fingerprints(compilePlan(makeExperiment({ trials: 2, evaluations: [lincls] }), {}));
  const methods = [makeMethod('new'), makeMethod('moco')];
  const after = fingerprints(compilePlan(makeExperiment({ trials: 3, methods }), {}));
  const changed = [...before].filter(([id, fingerprint]) => after.get(id) !== fingerprint);
  expect(changed.map(([id]) => id)).toEqual(['report']);
});

test('what the ranks of a training are told is the same among one trial and a thousand, so it costs no more', () => {
  const pretrain = (trials: number) =>
    compilePlan(makeExperiment({ trials }), {}).stages.find(({ kind }) => kind === 'pretrain');
  expect(pretrain(1000)).toEqual(pretrain(1));
});

test('precision is part of what a stage is; fp32, which was all there was, leaves earlier results valid', () => {
  const fingerprintsIn = (precision: 'fp32' | 'tf32' | 'bf16') => {
    const methods = [makeMethod('moco', { precision })];
    return fingerprints(compilePlan(makeExperiment({ methods }), {})).get('moco/trial-1/pretrain');
  };
  const all = (['fp32', 'tf32', 'bf16'] as const).map(fingerprintsIn);
  expect(new Set(all).size).toBe(3);
  const { identity } = compilePlan(makeExperiment(), {}).stages[0]!;
  expect(identity).not.toHaveProperty('precision');
});

test('a trial never has the fingerprint of another trial', () => {
  const { stages } = compilePlan(makeExperiment({ trials: 20 }), {});
  expect(new Set(stages.map((stage) => stage.fingerprint)).size).toBe(stages.length);
});

test('names, labels, loaders, checkpoint intervals, files and sizes leave fingerprints alone', () => {
  const base = makeMethod('moco');
  const recipe = {
    ...base.recipe,
    name: 'other',
    loader: { threads: 7, prefetch: 1, onBadImage: 'skip' as const, maxBadImages: 3 },
    checkpointing: { everyMinutes: 15, everyEpochs: 50, keep: 'all' },
  };
  const before = fingerprints(compilePlan(makeExperiment(), {}));
  const methods = [
    { ...base, label: 'MoCo', recipe, published: { lincls: { top1: { mean: 1, source: 'x' } } } },
  ];
  const other = makeExperiment({ name: 'other', file: 'other.yaml', methods });
  const after = fingerprints(compilePlan(other, { anything: { train: 1, val: 1, classes: 1 } }));
  before.delete('report');
  after.delete('report');
  expect(after).toEqual(before);
});

test('a setting of an evaluation changes that evaluation and the report alone', () => {
  const before = fingerprints(compilePlan(makeExperiment(), {}));
  const evaluations = [lincls, { ...knn, recipe: makeKnnRecipe({ k: 20 }) }];
  const after = fingerprints(compilePlan(makeExperiment({ evaluations }), {}));
  const changed = [...before].filter(([id, fingerprint]) => after.get(id) !== fingerprint);
  expect(changed.map(([id]) => id)).toEqual(['moco/trial-1/knn', 'report']);
});

test('a setting of pre-training changes all that follows from it', () => {
  const before = fingerprints(compilePlan(makeExperiment(), {}));
  const methods = [makeMethod('moco', { epochs: 100 })];
  const after = fingerprints(compilePlan(makeExperiment({ methods }), {}));
  expect([...before].filter(([id, fingerprint]) => after.get(id) === fingerprint)).toEqual([]);
});

test('a fingerprint is the same in every process and on every machine', () => {
  const graph = compilePlan(makeExperiment(), {});
  expect(find(graph, 'moco/trial-1/pretrain').fingerprint).toMatchInlineSnapshot(
    `"4e927b4635b94570f1b58de84541c71f2f64f92c022c650565d81e971fc28df5"`,
  );
});

test('an experiment whose trials would share a seed is refused', () => {
  const experiment = makeExperiment({ seed: 91117, trials: 954 });
  expect(catchProblems(() => compilePlan(experiment, {}))).toEqual([
    {
      code: 'PLAN_SEEDS_EQUAL',
      message:
        'Expected trials with seeds of their own but seed 91117 gives trials 19 and 954 the same: 1531286718.',
      hint: 'Give the experiment another seed.',
    },
  ]);
  expect(compilePlan({ ...experiment, trials: 953 }, {}).stages.length).toBeGreaterThan(953);
});
