import { expect, test } from 'vitest';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { type PlanView, sumPlan } from '../../src/plan/plan-view.ts';
import { renderJson } from '../../src/plan/render-json.ts';
import { renderMermaid } from '../../src/plan/render-mermaid.ts';
import { renderTree } from '../../src/plan/render-tree.ts';
import { type StageDecision, selectStages } from '../../src/plan/stage-decision.ts';
import { knn, lincls, makeExperiment, makeMethod } from '../helpers/make-experiment.ts';

/** Two methods of which the first one's extract is done, and one estimate. */
function makeView(): PlanView {
  const methods = [
    makeMethod('untrained', { method: 'untrained' }),
    { ...makeMethod('moco'), label: 'MoCo <v2>' },
  ];
  const graph = compilePlan(makeExperiment({ methods, evaluations: [lincls, knn] }), {});
  const decide = (id: string): StageDecision =>
    id === 'untrained/trial-1/extract'
      ? { state: 'up-to-date', reason: 'up to date' }
      : { state: 'to-run', reason: 'never run' };
  return {
    graph,
    decisions: new Map(graph.stages.map(({ id }) => [id, decide(id)])),
    estimates: new Map([['moco/trial-1/pretrain', 3_723_000]]),
  };
}

test('the tree shows for every stage why it runs, what it costs and what it needs', () => {
  expect(renderTree(makeView())).toMatchInlineSnapshot(`
    "demo
    ├─ untrained
    │  └─ trial 1  seed 552533382
    │     ├─ ✓ extract       up to date                             45.1 MB
    │     ├─ ● sanity-check  never run                              32.8 kB          needs extract
    │     ├─ ● lincls        never run   19.6k steps  5.01M images  94.7 MB          needs extract, sanity-check
    │     └─ ● knn           never run     120 steps  60.0k images   673 kB          needs extract, sanity-check
    ├─ moco  MoCo <v2>
    │  └─ trial 1  seed 552533382
    │     ├─ ● pretrain      never run   19.4k steps  9.93M images   142 MB  ~1h 2m
    │     ├─ ● extract       never run                              45.1 MB          needs pretrain
    │     ├─ ● sanity-check  never run                              32.8 kB          needs pretrain, extract
    │     ├─ ● lincls        never run   19.6k steps  5.01M images  94.7 MB          needs extract, sanity-check
    │     └─ ● knn           never run     120 steps  60.0k images   673 kB          needs extract, sanity-check
    └─ ● report              never run                              32.8 kB          needs 4 stages

    10 stages: 9 to run, 1 up to date.
    To run: 58.8k steps, 20.1M images, 378 MB on disk, ~1h 2m of computing, one stage after another, 4 stages without an estimate of time.
    "
  `);
});

test('the Mermaid chart has a box per trial and an arrow per need', () => {
  expect(renderMermaid(makeView())).toMatchInlineSnapshot(`
    "flowchart LR
      subgraph b0["untrained, trial 1"]
        s0["extract<br/>up to date"]:::done
        s1["sanity-check<br/>never run"]:::run
        s2["lincls<br/>never run"]:::run
        s3["knn<br/>never run"]:::run
      end
      subgraph b1["moco, trial 1"]
        s4["pretrain<br/>never run"]:::run
        s5["extract<br/>never run"]:::run
        s6["sanity-check<br/>never run"]:::run
        s7["lincls<br/>never run"]:::run
        s8["knn<br/>never run"]:::run
      end
      s9["report<br/>never run"]:::run
      s0 --> s1
      s0 --> s2
      s1 --> s2
      s0 --> s3
      s1 --> s3
      s4 --> s5
      s4 --> s6
      s5 --> s6
      s5 --> s7
      s6 --> s7
      s5 --> s8
      s6 --> s8
      s2 --> s9
      s3 --> s9
      s7 --> s9
      s8 --> s9
      classDef done fill:#e6f4ea,stroke:#34a853,color:#202124
      classDef run fill:#e8f0fe,stroke:#4285f4,color:#202124
      classDef skip fill:#f1f3f4,stroke:#9aa0a6,color:#5f6368
    "
  `);
});

test('the JSON holds every stage and the sums', () => {
  const plan = JSON.parse(renderJson(makeView()));
  expect(plan.stages).toHaveLength(10);
  expect(plan.stages[4]).toMatchInlineSnapshot(`
    {
      "devices": 1,
      "diskBytes": 142177536,
      "estimatedMs": 3723000,
      "fingerprint": "4e927b4635b94570f1b58de84541c71f2f64f92c022c650565d81e971fc28df5",
      "id": "moco/trial-1/pretrain",
      "images": 9932800,
      "kind": "pretrain",
      "method": "moco",
      "needs": [],
      "passingBytes": 274356736,
      "reason": "never run",
      "seed": 552533382,
      "state": "to-run",
      "steps": 19400,
      "trial": 1,
    }
  `);
  expect(plan.totals).toMatchInlineSnapshot(`
    {
      "diskBytes": 378067776,
      "estimatedMs": 3723000,
      "images": 20072800,
      "notSelected": 0,
      "stages": 10,
      "steps": 58840,
      "toRun": 9,
      "unavailable": 0,
      "upToDate": 1,
      "withoutEstimate": 4,
      "withoutSize": 0,
    }
  `);
});

test('departures from the published recipes stand under the tree and in the JSON, equal ones once', () => {
  const departures = [{ path: 'epochs', theirs: 200, ours: 6, setBy: 'demo.yaml:7' }];
  const base = { group: 'methods', recipe: 'mocov2', departures } as const;
  const fidelity = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...base, name }));
  const view = makeView();
  const graph = { ...view.graph, experiment: { ...view.graph.experiment, fidelity } };
  expect(renderTree({ ...view, graph })).toMatch(
    /\n\nDepartures from the published recipes:\n {2}a, b, c, 2 more, from mocov2:\n {4}epochs {2}200 -> 6 {2}demo\.yaml:7\n$/,
  );
  expect(JSON.parse(renderJson({ ...view, graph })).fidelity).toEqual(fidelity);
});

test('a plan without work says so', () => {
  const view = makeView();
  const decisions = new Map(
    view.graph.stages.map(({ id }) => [id, { state: 'up-to-date', reason: 'up to date' } as const]),
  );
  expect(renderTree({ ...view, decisions })).toMatch(
    /\n\n10 stages: 0 to run, 10 up to date\. Nothing to do\.\n$/,
  );
});

test('a selected kind brings along what it needs and nothing else', () => {
  const view = makeView();
  const decisions = selectStages(view.graph, view.decisions, ['knn']);
  const toRun = [...decisions].filter(([, { state }]) => state === 'to-run').map(([id]) => id);
  expect(toRun).toEqual([
    'untrained/trial-1/sanity-check',
    'untrained/trial-1/knn',
    'moco/trial-1/pretrain',
    'moco/trial-1/extract',
    'moco/trial-1/sanity-check',
    'moco/trial-1/knn',
  ]);
  expect(decisions.get('report')).toEqual({ state: 'not-selected', reason: 'not selected: only knn' });
  expect(sumPlan({ ...view, decisions }).notSelected).toBe(3);
});

test('ten thousand stages have ten thousand lines', () => {
  const graph = compilePlan(makeExperiment({ trials: 2000 }), {});
  const decisions = new Map(
    graph.stages.map(({ id }) => [id, { state: 'to-run', reason: 'never run' } as const]),
  );
  const lines = renderTree({ graph, decisions, estimates: new Map() }).split('\n');
  expect(graph.stages).toHaveLength(10_001);
  expect(lines.filter((line) => line.includes('never run'))).toHaveLength(10_001);
});
