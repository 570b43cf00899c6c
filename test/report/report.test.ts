import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Fidelity } from '../../src/config/fidelity.ts';
import type { ResolvedExperiment, ResolvedMethod } from '../../src/config/resolved.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import type { StageGraph } from '../../src/plan/stage-graph.ts';
import { collectReport } from '../../src/report/collect-report.ts';
import { renderCsv } from '../../src/report/render-csv.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderTex } from '../../src/report/render-tex.ts';
import { renderText } from '../../src/report/render-text.ts';
import { writeReport } from '../../src/report/write-report.ts';
import type { RunRecord } from '../../src/runs/run-record.ts';
import { openRunStore, type RunStore } from '../../src/runs/run-store.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { lincls, makeExperiment, makeMethod, makeReportConfig } from '../helpers/make-experiment.ts';
import { makeFolder, makeRecord } from '../helpers/make-record.ts';

const source = 'MoCo v2, table 1';
const v1: ResolvedMethod = {
  ...makeMethod('mocov1', {}, { lincls: { top1: { mean: 60.8, std: 0.2, source } } }),
  label: 'MoCo v1',
};
const v2: ResolvedMethod = {
  ...makeMethod('mocov2', {}, { lincls: { top1: { mean: 67.5, std: 0.1, source } } }),
  label: 'MoCo v2',
};
const untrained: ResolvedMethod = { ...makeMethod('untrained', { method: 'untrained' }), label: 'untrained' };

const fidelity: Fidelity[] = [
  {
    ...{ group: 'methods', name: 'mocov1', recipe: 'mocov1' },
    departures: [
      { path: 'epochs', theirs: 200, ours: 6, setBy: 'demo.yaml:7' },
      { path: 'augment.gaussianBlur', theirs: 'sigma [0.1, 2], p 0.5', ours: null, setBy: 'demo.yaml:9' },
    ],
  },
  { group: 'methods', name: 'mocov2', recipe: 'mocov2', departures: [] },
  {
    ...{ group: 'evaluations', name: 'lincls', recipe: 'lincls' },
    departures: [{ path: 'lr', theirs: 30, ours: 1, setBy: '--set lr=1' }],
  },
];

let store: RunStore;

beforeEach(() => {
  store = openRunStore(makeFolder(), 'table');
});

function compile(changes: Partial<ResolvedExperiment> = {}): StageGraph {
  return compilePlan(
    makeExperiment({ name: 'table', trials: 5, methods: [untrained, v1, v2], ...changes }),
    {},
  );
}

/** Records an evaluation's result in a trial. */
function finish(
  graph: StageGraph,
  id: string,
  metrics: { [name: string]: number },
  changes: Partial<RunRecord> = {},
) {
  const stage = graph.stages.find((candidate) => candidate.id === id);
  if (!stage) throw new Error(`No stage ${id}.`);
  const record = makeRecord(stage, graph);
  store.writeRecord(id, { ...record, result: { ...record.result!, metrics }, ...changes });
}

/** Feeds the trials of both papers, one kNN trial of the untrained encoder, and nothing else. */
function finishPublished(graph: StageGraph): void {
  const trials = { mocov1: [60.6, 60.6, 60.7, 60.9, 61.1], mocov2: [67.7, 67.6, 67.4, 67.6, 67.3] };
  for (const [method, values] of Object.entries(trials)) {
    for (const [index, top1] of values.entries()) {
      finish(graph, `${method}/trial-${index + 1}/lincls`, { top1 });
    }
  }
  finish(graph, 'untrained/trial-2/knn', { top1: 31.25 });
  finish(graph, 'mocov1/trial-1/knn', { top1: 50 });
  finish(graph, 'mocov1/trial-2/knn', { top1: 51 });
}

test('the terminal shows the table of the paper beside ours, and what is still to come', () => {
  const graph = compile();
  finishPublished(graph);
  expect(renderText(collectReport(graph, store))).toMatchInlineSnapshot(`
    "method     linear top-1 (last)  published  difference     verdict       kNN top-1
    ---------  -------------------  ---------  ----------  ----------  --------------
    untrained        pending (0/5)                                         31.3 (1/5)
    MoCo v1               60.8±0.2   60.8±0.2         0.0  reproduced  50.5±0.5 (2/5)
    MoCo v2               67.5±0.1   67.5±0.1         0.0  reproduced   pending (0/5)

    Percent; mean ± population standard deviation over 5 trials.
    Published: MoCo v2, table 1.
    (n/N): only n of N trials are there; 17 values are still to come.
    (last): after the last epoch.
    Verdicts: reproduced is equivalence within ±0.5 points, not reproduced a difference beyond them, each at alpha 0.05; a published mean without its trials counts as exact.

    MoCo v1, linear top-1 (last): reproduced: the difference is -0.23 to +0.19 points with 90 % confidence, within ±0.5 (TOST against the published mean, df 4, p = 0.004).
    MoCo v2, linear top-1 (last): reproduced: the difference is -0.14 to +0.18 points with 90 % confidence, within ±0.5 (TOST against the published mean, df 4, p = 0.001).
    "
  `);
});

test('Markdown has the table and every trial with its folder', () => {
  const graph = compile({ trials: 2, claim: 'v2 beats v1.\n', source, methods: [untrained, v1] });
  finish(graph, 'untrained/trial-2/knn', { top1: 31.25 });
  finish(graph, 'mocov1/trial-1/lincls', { top1: 61.15 });
  finish(graph, 'mocov1/trial-2/lincls', { top1: 0 }, { state: 'failed' });
  expect(renderMarkdown(collectReport(graph, store))).toMatchInlineSnapshot(`
    "# table

    Claim: v2 beats v1.

    Source: MoCo v2, table 1

    | method | linear top-1 (last) | published | difference | verdict | kNN top-1 |
    | --- | ---: | ---: | ---: | ---: | ---: |
    | untrained | pending (0/2) |  |  |  | 31.3 (1/2) |
    | MoCo v1 | 61.2 (1/2) | 60.8±0.2 | +0.4 | inconclusive so far | pending (0/2) |

    Percent; mean ± population standard deviation over 2 trials.
    Published: MoCo v2, table 1.
    (n/N): only n of N trials are there; 5 values are still to come, 1 value is missing, because a stage failed.
    (last): after the last epoch.
    Verdicts: reproduced is equivalence within ±0.5 points, not reproduced a difference beyond them, each at alpha 0.05; a published mean without its trials counts as exact.

    ## Verdicts

    - MoCo v1, linear top-1 (last): inconclusive so far: one trial, 0.4 points off, has no spread to judge by; if the difference stays and the spread is as published, 13 trials would decide with probability 0.8.

    With curves, figures and settings: [report.html](report.html).

    ## Trials

    linear top-1 (last):

    | method | trial 1 | trial 2 |
    | --- | ---: | ---: |
    | untrained | pending | pending |
    | MoCo v1 | [61.2](../mocov1/trial-1/lincls/) | failed |

    kNN top-1:

    | method | trial 1 | trial 2 |
    | --- | ---: | ---: |
    | untrained | pending | [31.3](../untrained/trial-2/knn/) |
    | MoCo v1 | pending | pending |
    "
  `);
});

test('what departs from the published recipes is marked at its row and column, and listed with who set it', () => {
  const graph = compile({ fidelity });
  finishPublished(graph);
  const report = collectReport(graph, store);
  const text = renderText(report);
  expect(text).toMatch(/^method +linear top-1 \(last\) \[b\] +published/);
  expect(text).toMatch(/\nMoCo v1 \[a\] +60\.8±0\.2/);
  expect(text).toMatch(/\nMoCo v2 +67\.5±0\.1/);
  expect(text).toContain(
    '\n[a] MoCo v1 departs from mocov1 in 2 settings: epochs 200 -> 6; augment.gaussianBlur sigma [0.1, 2], p 0.5 -> none.\n[b] linear top-1 (last) departs from lincls in 1 setting: lr 30 -> 1.\n',
  );
  expect(renderMarkdown(report)).toContain(`## Departures from the published recipes

[a] MoCo v1 departs from mocov1 in 2 settings:

| setting | published | here | set by |
| --- | ---: | ---: | ---: |
| epochs | 200 | 6 | demo.yaml:7 |
`);
});

test('LaTeX has the table between booktabs rules, with nothing left that TeX would read as a command', () => {
  const graph = compile({ fidelity, claim: 'v2 beats v1 by 100 % & more_or_less.' });
  finishPublished(graph);
  expect(renderTex(collectReport(graph, store))).toMatchInlineSnapshot(`
    "% \\usepackage{booktabs}
    \\begin{table}
      \\centering
      \\caption{v2 beats v1 by 100 \\% \\& more\\_or\\_less.}
      \\label{tab:table}
      \\begin{tabular}{lrrrrr}
        \\toprule
        method & linear top-1 (last)\\textsuperscript{b} & published & difference & verdict & kNN top-1 \\\\
        \\midrule
        untrained & pending (0/5) &  &  &  & 31.3 (1/5) \\\\
        MoCo v1\\textsuperscript{a} & $60.8\\pm0.2$ & $60.8\\pm0.2$ & $0.0$ & reproduced & $50.5\\pm0.5$ (2/5) \\\\
        MoCo v2 & $67.5\\pm0.1$ & $67.5\\pm0.1$ & $0.0$ & reproduced & pending (0/5) \\\\
        \\bottomrule
      \\end{tabular}

      \\smallskip
      \\begin{minipage}{\\linewidth}\\footnotesize\\raggedright
        Percent; mean $\\pm$ population standard deviation over 5 trials.\\par
        Published: MoCo v2, table 1.\\par
        (n/N): only n of N trials are there; 17 values are still to come.\\par
        (last): after the last epoch.\\par
        Verdicts: reproduced is equivalence within $\\pm$0.5 points, not reproduced a difference beyond them, each at alpha 0.05; a published mean without its trials counts as exact.\\par
        [a] MoCo v1 departs from mocov1 in 2 settings: epochs 200 $\\rightarrow$ 6; augment.gaussianBlur sigma [0.1, 2], p 0.5 $\\rightarrow$ none.\\par
        [b] linear top-1 (last) departs from lincls in 1 setting: lr 30 $\\rightarrow$ 1.\\par
      \\end{minipage}
    \\end{table}
    % MoCo v1, linear top-1 (last): reproduced: the difference is -0.23 to +0.19 points with 90 % confidence, within ±0.5 (TOST against the published mean, df 4, p = 0.004).
    % MoCo v2, linear top-1 (last): reproduced: the difference is -0.14 to +0.18 points with 90 % confidence, within ±0.5 (TOST against the published mean, df 4, p = 0.001).
    "
  `);
});

test('CSV has one line per method and column, unrounded, with every trial and what departs', () => {
  const methods = [{ ...v1, label: 'MoCo "v1", ours' }];
  const graph = compile({ trials: 2, methods, fidelity });
  finish(graph, 'mocov1/trial-1/lincls', { top1: 60.7 });
  finish(graph, 'mocov1/trial-2/lincls', { top1: 60.75 });
  const [header, ...lines] = renderCsv(collectReport(graph, store)).split('\r\n');
  const columns = header!.split(',');
  expect(columns.slice(0, 12).join()).toBe(
    'method,label,evaluation,metric,n,trials,mean,population_std,sample_std,published_mean,published_std,difference',
  );
  expect(lines[0]).toContain('mocov1,"MoCo ""v1"", ours",lincls,top1,2,2,60.725,0.02');
  const fields = lines[0]!
    .replace('"MoCo ""v1"", ours"', 'x')
    .replace(/"[^"]*"/, 'departures')
    .split(',');
  const row = Object.fromEntries(columns.map((name, i) => [name, fields[i]]));
  expect(row).toMatchObject({ verdict: 'reproduced', trials_needed: '', trial_1: '60.7', trial_2: '60.75' });
  expect(Number(row.p_equivalent)).toBeCloseTo(0.0187, 3);
  expect(lines[0]).toContain(
    '"epochs 200 -> 6; augment.gaussianBlur sigma [0.1, 2], p 0.5 -> none; lr 30 -> 1",60.7,60.75',
  );
  expect(lines[1]).toBe(
    `mocov1,"MoCo ""v1"", ours",knn,top1,0,2${','.repeat(13)}"epochs 200 -> 6; augment.gaussianBlur sigma [0.1, 2], p 0.5 -> none",,`,
  );
});

test('the JSON keeps both deviations and every trial', () => {
  const graph = compile();
  finishPublished(graph);
  const folder = makeFolder();
  expect(writeReport(folder, collectReport(graph, store))).toEqual([
    'report.md',
    'report.tex',
    'report.json',
    'report.csv',
  ]);
  const { rows } = JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8'));
  const [cell] = rows[2].cells;
  expect(cell.aggregate.populationStd).toBeCloseTo(0.147, 3);
  expect(cell.aggregate.sampleStd).toBeCloseTo(0.164, 3);
  expect(cell.difference).toBeCloseTo(0.02, 6);
  expect(cell.trials).toHaveLength(5);
  expect(cell.trials[0]).toMatchObject({
    trial: 1,
    state: 'done',
    value: 67.7,
    stage: 'mocov2/trial-1/lincls',
  });
});

describe('a trial counts only with a result of the very settings asked for', () => {
  const states = (graph: StageGraph) =>
    collectReport(graph, store).rows[0]!.cells[0]!.trials.map(({ state, value }) => `${state} ${value}`);

  test.each(['running', 'failed', 'interrupted'] as const)('not if it is %s', (state) => {
    const graph = compile({ trials: 1, methods: [v1] });
    finish(graph, 'mocov1/trial-1/lincls', { top1: 60 }, { state });
    expect(states(graph)).toEqual([`${state === 'interrupted' ? 'pending' : state} null`]);
  });

  test('not if a stage that it needs failed: it will not come, and the table says so', () => {
    const graph = compile({ trials: 2, methods: [v1] });
    for (const trial of [1, 2]) finish(graph, `mocov1/trial-${trial}/pretrain`, {}, { state: 'failed' });
    expect(states(graph)).toEqual(['failed null', 'failed null']);
    const text = renderText(collectReport(graph, store));
    expect(text).toContain('failed (0/2)');
    expect(text).toContain(
      '(n/N): only n of N trials are there; 4 values are missing, because a stage failed.',
    );
    finish(graph, 'mocov1/trial-2/pretrain', {}, { state: 'running' });
    expect(renderText(collectReport(graph, store))).toContain(
      '2 values are still to come, 2 values are missing, because a stage failed.',
    );
  });

  test('not if it was made with other settings', () => {
    finish(compile({ trials: 1, methods: [v1] }), 'mocov1/trial-1/lincls', { top1: 60 });
    const other = { ...v1, recipe: { ...v1.recipe, epochs: 1 } };
    const graph = compile({ trials: 2, methods: [other] });
    expect(states(graph)).toEqual(['stale null', 'pending null']);
    expect(renderText(collectReport(graph, store))).toContain(
      '; 3 values are still to come, 1 value is of other settings and not counted (moco plan FILE says which).',
    );
  });

  test('also if trials were added since', () => {
    finish(compile({ trials: 1, methods: [v1] }), 'mocov1/trial-1/lincls', { top1: 60 });
    expect(states(compile({ trials: 2, methods: [v1] }))).toEqual(['done 60', 'pending null']);
  });
});

test('without named columns every evaluation shows its top-1, and labels are not said twice', () => {
  const evaluations = [{ ...lincls, label: 'linear top-1' }, ...compile().experiment.evaluations.slice(1)];
  const graph = compile({ evaluations, report: makeReportConfig() });
  const labels = collectReport(graph, store).columns.map(({ key, label }) => `${key}: ${label}`);
  expect(labels).toEqual(['lincls.top1: linear top-1 (last)', 'knn.top1: kNN top-1']);
});

test('a metric of several words becomes several words', () => {
  const graph = compile({ report: makeReportConfig({ columns: ['lincls.bestTop5'] }) });
  expect(collectReport(graph, store).columns[0]?.label).toBe('linear top-5 (best)');
});

test('an experiment without evaluations has no table', () => {
  const graph = compile({ evaluations: [], report: makeReportConfig() });
  expect(renderText(collectReport(graph, store))).toBe('table: no evaluations, so there is no table.\n');
});

test('trials of one seed are refused', () => {
  const graph = compile({ trials: 2, methods: [v1] });
  finish(graph, 'mocov1/trial-1/lincls', { top1: 60 });
  const seed = graph.stages.find(({ trial }) => trial === 1)!.seed;
  finish(graph, 'mocov1/trial-2/lincls', { top1: 60 }, { seed });
  expect(catchProblems(() => collectReport(graph, store))).toEqual([
    {
      code: 'REPORT_SEEDS_EQUAL',
      message: `Expected trials with seeds of their own but mocov1/trial-1/lincls and mocov1/trial-2/lincls both have seed ${seed}.`,
      hint: 'One is a copy of the other, or the experiment has an unlucky seed. Delete the copy, or change seed.',
    },
  ]);
});

test('a column of an unknown evaluation is a problem', () => {
  const graph = compile({ report: makeReportConfig({ columns: ['linear.top1'] }) });
  expect(catchProblems(() => collectReport(graph, store))).toEqual([
    {
      code: 'REPORT_COLUMN_UNKNOWN',
      message: 'Expected report.columns to name evaluation.metric but received "linear.top1".',
      hint: 'Evaluations here: lincls, knn. Metrics: top1, top5, ...',
    },
  ]);
});

test('a metric that was not measured is a problem', () => {
  const graph = compile({ report: makeReportConfig({ columns: ['lincls.top3'] }) });
  finish(graph, 'mocov1/trial-1/lincls', { top1: 60, top5: 80 });
  expect(catchProblems(() => collectReport(graph, store))).toEqual([
    {
      code: 'REPORT_METRIC_MISSING',
      message: 'Expected mocov1/trial-1/lincls to have measured top3 but it measured top1, top5.',
      hint: 'Correct report.columns.',
    },
  ]);
});
