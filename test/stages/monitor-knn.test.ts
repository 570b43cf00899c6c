// kNN while it trains: what it measures, and that the training does not notice.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import type { PretrainRecipe } from '../../src/config/schema/recipe.generated.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { readEpochs } from '../../src/report/details/read-epochs.ts';
import { nameCheckpoint } from '../../src/runs/checkpoint.ts';
import { type MetricsRow, readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { readTensorFile } from '../../src/runs/tensor-file.ts';
import { compareTensors, isSame } from '../../src/stages/compare-tensors.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';
import { createStageRunner, makeTinyExperiment, runKinds, type StageRunner } from '../helpers/run-stages.ts';

const MONITOR = {
  knn: {
    ...{ every: 2, k: 10, temperature: 0.1, features: 'backbone' as const },
    evalTransform: [{ op: 'centerCrop' as const, size: 16 }],
  },
};

/** Three epochs: measured after the second and the last. */
function make(monitor?: PretrainRecipe['monitor']): ResolvedExperiment {
  const experiment = makeTinyExperiment();
  const [method] = experiment.methods;
  const recipe = { ...method!.recipe, epochs: 3, ...(monitor ? { monitor } : {}) };
  const evaluations = experiment.evaluations.map((evaluation) =>
    evaluation.recipe.kind === 'knn'
      ? { ...evaluation, recipe: { ...evaluation.recipe, ...pickKnn(monitor ?? MONITOR) } }
      : evaluation,
  );
  return { ...experiment, methods: [{ ...method!, recipe }], evaluations };
}

/** The settings of an evaluation that measures the same. */
function pickKnn({ knn = MONITOR.knn }: NonNullable<PretrainRecipe['monitor']>) {
  const { evalTransform, features } = knn;
  return { evalTransform, features };
}

const isMeasured = (row: MetricsRow) => row.knnTop1 !== undefined;
const folderOf = (runner: StageRunner) => runner.folderOf(runner.find('pretrain'));
const readRows = (runner: StageRunner) => readMetricsLog(path.join(folderOf(runner), 'metrics.jsonl'));
const readLast = (runner: StageRunner) =>
  readTensorFile(path.join(folderOf(runner), nameCheckpoint(2))).tensors;

test.each(['backbone', 'projection'] as const)(
  'of %s features it finds what the kNN stage finds, after every Nth epoch and the last',
  async (features) => {
    const runner = createStageRunner(make({ knn: { ...MONITOR.knn, features } }));
    const [, , , knn] = await runKinds(runner, 'pretrain', 'extract', 'sanity-check', 'knn');
    const rows = readEpochs(path.join(folderOf(runner), 'metrics.jsonl')).filter(
      ({ split }) => split === 'val',
    );
    expect(rows.map(({ epoch }) => epoch)).toEqual([1, 2]);
    const { top1, top5 } = (knn as { metrics: Record<string, number> }).metrics;
    expect(rows.at(-1)).toMatchObject({ step: 18, knnTop1: top1, knnTop5: top5 });
  },
);

test('the training has the same bits and the same fingerprint with it and without', async () => {
  const [plain, watched] = [createStageRunner(make()), createStageRunner(make(MONITOR))];
  await plain.run('pretrain');
  await watched.run('pretrain');
  expect(isSame(compareTensors(readLast(plain), readLast(watched)))).toBe(true);
  const others = readRows(watched).filter((row) => !isMeasured(row));
  expect(renderWithoutTimes(others)).toBe(renderWithoutTimes(readRows(plain)));
  const prints = [make(), make(MONITOR)].map((each) => compilePlan(each, {}).stages[0]!.fingerprint);
  expect(prints[0]).toBe(prints[1]);
});

test('stopped while it measures, it goes on to the same rows and the same checkpoint', async () => {
  const [whole, cut] = [createStageRunner(make(MONITOR)), createStageRunner(make(MONITOR))];
  await whole.run('pretrain');
  const outcome = await cut.run('pretrain', {
    onProgress: ({ phase }, stop) => {
      if (phase.startsWith('kNN')) stop.abort();
    },
  });
  expect(outcome.state).toBe('stopped');
  expect(readRows(cut).some(isMeasured)).toBe(false);
  const phases = new Set<string>();
  let trained = 0;
  const again = await cut.run('pretrain', {
    onProgress: ({ phase }) => {
      if (phase === 'train' && !phases.has('train')) trained = phases.size;
      phases.add(phase);
    },
  });
  expect(again.state).toBe('done');
  // Its epoch is not trained again: it goes on with the measurement.
  expect(trained).toBeGreaterThan(0);
  expect(renderWithoutTimes(readRows(cut))).toBe(renderWithoutTimes(readRows(whole)));
  const [a, b] = [cut, whole].map((runner) => readFileSync(path.join(folderOf(runner), nameCheckpoint(2))));
  expect(a!.equals(b!)).toBe(true);
});

test('of two ranks the first measures while the other waits, and the run ends well', async () => {
  const folder = makeFolder();
  writeFileSync(
    path.join(folder, 'small.yaml'),
    `kind: pretrain
engine: wasm
epochs: 2
batchSize: 16
data: { dataset: synthetic, synthetic: { classes: 4, train: 64, val: 32, size: 16 } }
model: { arch: resnet18, stem: cifar, width: 4 }
moco: { queueSize: 32, dim: 16 }
augment: [{ op: randomResizedCrop, size: 16 }]
loader: { threads: 1 }
monitor: { knn: { k: 10, evalTransform: [{ op: centerCrop, size: 16 }] } }
`,
  );
  const { code, stdout, stderr } = await runCli(
    ['run', 'small.yaml', '--devices', 'cpu:2', '--devices-per-trial', '2'],
    { cwd: folder },
  );
  expect(code, stdout + stderr).toBe(0);
  const rows = readMetricsLog(path.join(folder, 'runs/small/small/trial-1/pretrain/metrics.jsonl'));
  expect(rows.filter(isMeasured).map(({ epoch, step }) => [epoch, step])).toEqual([
    [0, 4],
    [1, 8],
  ]);
}, 120_000);
