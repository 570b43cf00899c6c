// Stages over a folder with images that cannot be read.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import type { LoaderConfig } from '../../src/config/schema/recipe.generated.ts';
import { ProblemError } from '../../src/core/problem.ts';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { makeImages, spoil } from '../helpers/make-images.ts';
import { createStageRunner, makeTinyExperiment, runKinds, type StageRunner } from '../helpers/run-stages.ts';

/** The tiny experiment on such a folder; sixteen training images and four held out. */
function makeSmall(
  root: string,
  { loader: policy = {}, augment }: { loader?: Partial<LoaderConfig>; augment?: unknown } = {},
): ResolvedExperiment {
  const experiment = makeTinyExperiment();
  const [method] = experiment.methods;
  const data = { ...method!.recipe.data, dataset: 'imagefolder' as const, root };
  delete (data as { synthetic?: unknown }).synthetic;
  const loader = { ...method!.recipe.loader, onBadImage: 'skip' as const, ...policy };
  const changes = { data, loader, batchSize: 4 };
  const pretrain = { ...method!.recipe, ...changes, moco: { ...method!.recipe.moco, queueSize: 8 } };
  const crop = [{ op: 'centerCrop', size: 16 }];
  const evaluations = experiment.evaluations.map((evaluation) => {
    const own = evaluation.recipe.kind === 'knn' ? { k: 3 } : { augment: augment ?? crop };
    const recipe = { ...evaluation.recipe, ...changes, ...own, evalTransform: crop };
    return { ...evaluation, recipe } as typeof evaluation;
  });
  return { ...experiment, methods: [{ ...method!, recipe: pretrain }], evaluations };
}

async function makeSpoilt(): Promise<{ readonly root: string; readonly files: readonly string[] }> {
  const root = await makeImages({ train: 8, val: 2 });
  return { root, files: ['train/cat/2.png', 'train/dog/5.png'].map((name) => spoil(root, name)) };
}

function read(runner: StageRunner, name: string): string {
  const file = path.join(runner.folderOf(runner.find('pretrain')), name);
  return name === 'metrics.jsonl'
    ? renderWithoutTimes(readMetricsLog(file))
    : readFileSync(file).toString('hex');
}

const tellBad = ({ warnings }: StageRunner) => warnings.filter((warning) => warning.includes('onBadImage'));

test('a pre-training passes over them, tells each once, and counts the same when it was stopped on the way', async () => {
  const { root, files } = await makeSpoilt();
  const whole = createStageRunner(makeSmall(root));
  const outcome = await whole.run('pretrain');
  expect(outcome).toMatchObject({ state: 'done' });
  const found = outcome.state === 'done' ? outcome.badImages! : [];
  expect([...found].sort((a, b) => a.index - b.index)).toEqual([
    { index: 2, replacedBy: 3, reason: expect.stringContaining(files[0]!) },
    { index: 13, replacedBy: 14, reason: expect.stringContaining(files[1]!) },
  ]);
  expect(tellBad(whole)).toEqual(
    found.map(
      ({ index, replacedBy, reason }) =>
        `${reason} Training image ${replacedBy} stands in the place of ${index}, as loader.onBadImage: skip says.`,
    ),
  );
  const broken = createStageRunner(makeSmall(root));
  for (let step = 1; step < 8; step++) {
    const stopped = await broken.run('pretrain', {
      onProgress: ({ phase, done }, stop) => {
        if (phase === 'train' && done === 4 * step) stop.abort();
      },
    });
    expect(stopped).toEqual({ state: 'stopped' });
  }
  expect(await broken.run('pretrain')).toMatchObject({ state: 'done', badImages: found });
  const names = readdirSync(whole.folderOf(whole.find('pretrain'))).filter(
    (name) => !name.startsWith('events.'),
  );
  expect(names).toContain('checkpoint_0001.pth.tar');
  for (const name of names) expect(read(broken, name)).toBe(read(whole, name));
});

test('one more than loader.maxBadImages ends the stage; raised, it goes on from its checkpoint', async () => {
  const { root } = await makeSpoilt();
  const strict = createStageRunner(makeSmall(root, { loader: { maxBadImages: 1 } }));
  const error = await strict.run('pretrain').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  expect((error as ProblemError).problems[0]!.code).toBe('DATA_TOO_MANY_BAD_IMAGES');
  const raised = createStageRunner(makeSmall(root, { loader: { maxBadImages: 2 } }), strict.folder);
  expect(await raised.run('pretrain')).toMatchObject({ state: 'done' });
  const whole = createStageRunner(makeSmall(root));
  await whole.run('pretrain');
  expect(read(raised, 'checkpoint_0001.pth.tar')).toBe(read(whole, 'checkpoint_0001.pth.tar'));
});

test('linear classification gives the same numbers from kept features and from new ones, and kNN votes without them', async () => {
  const { root } = await makeSpoilt();
  const found = [
    { index: 2, replacedBy: 3 },
    { index: 13, replacedBy: 14 },
  ];
  const rows: string[] = [];
  for (const augment of [
    undefined,
    [
      { op: 'randomCrop', size: 20, padding: 0 },
      { op: 'centerCrop', size: 16 },
    ],
  ]) {
    const runner = createStageRunner(makeSmall(root, { augment }));
    await runKinds(runner, 'pretrain', 'extract');
    const outcome = await runner.run('lincls');
    const bad = outcome.state === 'done' ? outcome.badImages! : [];
    expect([...bad].sort((a, b) => a.index - b.index)).toMatchObject(found);
    const folder = runner.folderOf(runner.find('lincls'));
    rows.push(renderWithoutTimes(readMetricsLog(path.join(folder, 'metrics.jsonl'))));
    if (augment === undefined)
      expect(await runner.run('knn')).toMatchObject({ state: 'done', badImages: found });
  }
  expect(rows[0]).toContain('"split":"val"');
  expect(rows[1]).toBe(rows[0]);
});

test('a held-out image that cannot be read ends an evaluation all the same', async () => {
  const root = await makeImages({ train: 8, val: 2 });
  const file = spoil(root, 'val/dog/1.png');
  const runner = createStageRunner(makeSmall(root));
  await runKinds(runner, 'pretrain', 'extract');
  for (const kind of ['lincls', 'knn'] as const)
    await expect(runner.run(kind)).rejects.toMatchObject({
      problems: [{ code: 'DATA_IMAGE_UNREADABLE', message: expect.stringContaining(file) }],
    });
});
