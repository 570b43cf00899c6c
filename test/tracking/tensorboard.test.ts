// TensorBoard itself reads what a chain of stages leaves.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import { CROPS_FILE } from '../../src/runs/diagnostic-files.ts';
import { METRICS_FILE, readMetricsLog } from '../../src/runs/metrics-log.ts';
import { trackResult } from '../../src/tracking/track-metrics.ts';
import { makeSharedFolder } from '../helpers/make-record.ts';
import { createStageRunner, makeTinyExperiment, runKinds, type StageRunner } from '../helpers/run-stages.ts';
import {
  startTensorBoard,
  type TensorBoard,
  tensorboardCommand,
  tensorboardNote,
} from '../helpers/tensorboard.ts';

/** Two epochs, kNN after each. */
function makeMonitored(): ResolvedExperiment {
  const experiment = makeTinyExperiment();
  const [method] = experiment.methods;
  const knn = { every: 1, k: 10, temperature: 0.1, features: 'backbone' as const };
  const monitor = { knn: { ...knn, evalTransform: [{ op: 'centerCrop' as const, size: 16 }] } };
  return { ...experiment, methods: [{ ...method!, recipe: { ...method!.recipe, monitor } }] };
}

type Tags = { readonly [run: string]: { readonly [tag: string]: object } };

describe.skipIf(!tensorboardCommand)(`TensorBoard (${tensorboardNote})`, () => {
  let runner: StageRunner;
  let board: TensorBoard;
  const runOf = (kind: 'pretrain' | 'lincls' | 'knn') => runner.find(kind).id;
  const folderOf = (kind: 'pretrain' | 'lincls' | 'knn') => runner.folderOf(runner.find(kind));

  beforeAll(async () => {
    const folder = makeSharedFolder();
    runner = createStageRunner(makeMonitored(), folder);
    const outcomes = await runKinds(runner, 'pretrain', 'extract', 'sanity-check', 'lincls', 'knn');
    const knn = outcomes.at(-1)!;
    if (knn.state === 'done') trackResult(folderOf('knn'), knn.metrics); // which is the worker's part
    board = await startTensorBoard(folder);
  }, 120_000);
  afterAll(() => board?.close());

  test.each(['pretrain', 'lincls'] as const)('has the measurements of %s, each at its step', async (kind) => {
    const run = runOf(kind);
    const rows = readMetricsLog(path.join(folderOf(kind), METRICS_FILE)).filter(
      ({ split }) => split === 'train',
    );
    const tags = await board.ask<Tags>('scalars/tags', (answer) => answer[run] !== undefined);
    expect(Object.keys(tags[run]!)).toEqual(
      expect.arrayContaining(['train/lr', 'train/epochLoss', 'train/epoch']),
    );
    const wanted = rows.filter(({ epochLoss }) => epochLoss !== undefined);
    const points = await board.ask<[number, number, number][]>(
      `scalars/scalars?${new URLSearchParams({ run, tag: 'train/epochLoss' })}`,
      (answer) => answer.length >= wanted.length,
    );
    expect(points.map(([, step, value]) => [step, value])).toEqual(
      wanted.map(({ step, epochLoss }) => [step, Math.fround(epochLoss as number)]),
    );
  });

  test.each(['knnTop1', 'knnTop5'])(
    'has %s of kNN while it trains, at the step of each epoch',
    async (field) => {
      const run = runOf('pretrain');
      const measured = readMetricsLog(path.join(folderOf('pretrain'), METRICS_FILE)).filter(
        (row) => row[field] !== undefined,
      );
      expect(measured.map(({ step }) => step)).toEqual([6, 12]);
      await board.ask<Tags>('scalars/tags', (answer) => answer[run]?.[`val/${field}`] !== undefined);
      const points = await board.ask<[number, number, number][]>(
        `scalars/scalars?${new URLSearchParams({ run, tag: `val/${field}` })}`,
        (answer) => answer.length >= measured.length,
      );
      expect(points.map(([, step, value]) => [step, value])).toEqual(
        measured.map((row) => [row.step, Math.fround(row[field] as number)]),
      );
    },
  );

  test('has what a stage found in the end', async () => {
    const run = runOf('knn');
    const query = new URLSearchParams({ run, tag: 'result/top1' });
    await board.ask<Tags>('scalars/tags', (answer) => answer[run] !== undefined);
    const points = await board.ask<unknown[]>(`scalars/scalars?${query}`, (answer) => answer.length > 0);
    expect(points).toHaveLength(1);
  });

  test('shows the crops that were fed', async () => {
    const run = runOf('pretrain');
    const query = new URLSearchParams({ run, tag: 'crops', sample: '0' });
    const [image] = await board.ask<{ query: string }[]>(
      `images/images?${query}`,
      (answer) => answer.length > 0,
    );
    const png = await board.fetchBytes(`images/individualImage?${image!.query}`);
    expect(png).toEqual(readFileSync(path.join(folderOf('pretrain'), CROPS_FILE)));
  });

  test('has held-out features in its projector, with a class and a tile each', async () => {
    const run = runOf('knn');
    await board.ask<string[]>('projector/runs', (answer) => answer.includes(run));
    const info = await board.ask<{ embeddings: { tensorName: string; tensorShape: number[] }[] }>(
      `projector/info?${new URLSearchParams({ run })}`,
      () => true,
    );
    const [count] = info.embeddings[0]!.tensorShape;
    expect(info.embeddings[0]).toMatchObject({ tensorName: 'features' });
    const labels = readFileSync(path.join(folderOf('knn'), 'features.tsv'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(labels).toHaveLength(count!);
    expect(readFileSync(path.join(folderOf('knn'), 'features.bytes'))).toHaveLength(
      4 * count! * info.embeddings[0]!.tensorShape[1]!,
    );
  });
});
