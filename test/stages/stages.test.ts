// The stages on a tiny network and made-up images, from pre-training to the numbers of the table.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ResolvedExperiment, ResolvedMethod } from '../../src/config/resolved.ts';
import type { HostTensor } from '../../src/core/host-tensor.ts';
import { ProblemError } from '../../src/core/problem.ts';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { readTensorFile, writeTensorFile } from '../../src/runs/tensor-file.ts';
import {
  changeLincls,
  createStageRunner,
  makeTinyExperiment,
  runKinds,
  type StageRunner,
} from '../helpers/run-stages.ts';

/** The tiny experiment with one recipe changed. */
function changeMethod(changes: Partial<ResolvedMethod['recipe']>): ResolvedExperiment {
  const experiment = makeTinyExperiment();
  const [method] = experiment.methods;
  return { ...experiment, methods: [{ ...method!, recipe: { ...method!.recipe, ...changes } }] };
}

async function problemOf(run: Promise<unknown>) {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw error ?? new Error('Nothing was thrown.');
  return error.problems[0];
}

const metricsOf = (runner: StageRunner, kind: 'pretrain' | 'lincls') =>
  readMetricsLog(path.join(runner.folderOf(runner.find(kind)), 'metrics.jsonl'));

describe('a chain', () => {
  test('goes from images to accuracies and leaves what the next stage needs', async () => {
    const runner = createStageRunner(makeTinyExperiment());
    const [pretrain, extract, check, lincls, knn] = await runKinds(
      runner,
      'pretrain',
      'extract',
      'sanity-check',
      'lincls',
      'knn',
    );
    expect(pretrain).toMatchObject({
      state: 'done',
      outputs: ['checkpoint_0001.pth.tar', 'metrics.jsonl'],
      images: 192,
      engine: { name: 'wasm' },
    });
    expect(extract).toMatchObject({ state: 'done', outputs: ['encoder.safetensors', 'head.safetensors'] });
    expect(check).toMatchObject({ state: 'done', metrics: { tensorsEqual: 120 } });
    expect(lincls).toMatchObject({
      state: 'done',
      outputs: ['checkpoint.pth.tar', 'model_best.pth.tar', 'metrics.jsonl'],
      images: 128,
    });
    expect(knn).toMatchObject({ state: 'done', outputs: ['knn.json'], images: 128 });
    const report = JSON.parse(
      readFileSync(path.join(runner.folderOf(runner.find('sanity-check')), 'sanity-check.json'), 'utf8'),
    );
    expect(report).toMatchObject({
      tensorsEqual: 120,
      leftOut: ['fc.0.weight', 'fc.0.bias', 'fc.2.weight', 'fc.2.bias'],
      missing: [],
      allFinite: true,
    });
  });

  test('judges as kNN what it wrote as predictions', async () => {
    const runner = createStageRunner(makeTinyExperiment());
    const [, , knn] = await runKinds(runner, 'pretrain', 'extract', 'knn');
    const file = path.join(runner.folderOf(runner.find('knn')), 'knn.json');
    const { labels, predicted } = JSON.parse(readFileSync(file, 'utf8')) as {
      labels: number[];
      predicted: number[];
    };
    const hits = labels.filter((label, i) => label === predicted[i]).length;
    expect(labels).toHaveLength(32);
    expect(knn).toMatchObject({ metrics: { top1: (100 * hits) / 32 } });
  });

  test('writes rows of metrics every ten steps and every epoch', async () => {
    const runner = createStageRunner(makeTinyExperiment());
    await runKinds(runner, 'pretrain', 'extract', 'lincls');
    const rows = metricsOf(runner, 'pretrain').map(({ step, epoch, ...row }) => [
      step,
      epoch,
      'epochLoss' in row,
    ]);
    expect(rows).toEqual([
      [6, 0, true],
      [10, 1, false],
      [12, 1, true],
    ]);
    const splits = metricsOf(runner, 'lincls').map(({ epoch, split }) => `${split} ${epoch}`);
    expect(splits).toEqual(['train 0', 'val 0', 'train 1', 'val 1', 'train 2', 'val 2']);
  });
});

describe('pretrain', () => {
  test('stopped in an epoch goes on from that step, to the same bits', async () => {
    const experiment = changeMethod({ epochs: 3 });
    const whole = createStageRunner(experiment);
    await whole.run('pretrain');
    const broken = createStageRunner(experiment);
    const stopped = await broken.run('pretrain', {
      onProgress: ({ epoch = 0 }, stop) => {
        if (epoch === 2) stop.abort();
      },
    });
    expect(stopped).toEqual({ state: 'stopped' });
    expect(await broken.run('pretrain')).toMatchObject({ state: 'done', images: 176 });
    expect(renderWithoutTimes(metricsOf(broken, 'pretrain'))).toBe(
      renderWithoutTimes(metricsOf(whole, 'pretrain')),
    );
    const read = (runner: StageRunner) =>
      readFileSync(path.join(runner.folderOf(runner.find('pretrain')), 'checkpoint_0002.pth.tar'));
    expect(read(broken).equals(read(whole))).toBe(true);
  });

  test('learns: the loss ends below that of chance', async () => {
    const runner = createStageRunner(changeMethod({ epochs: 20 }));
    await runner.run('pretrain');
    const last = metricsOf(runner, 'pretrain').findLast((row) => 'epochLoss' in row)!;
    expect(last.epochLoss).toBeLessThan(Math.log(33) - 0.3);
  });

  test('warns of a queue that is large for the data, which only the data tells', async () => {
    const runner = createStageRunner(makeTinyExperiment());
    await runner.run('pretrain');
    expect(runner.warnings).toEqual([
      'moco.queueSize 32 is more than a tenth of the 96 training images. Some negatives will be crops of the query’s own image.',
    ]);
  });
});

describe('extract', () => {
  test('of an untrained method gives the start values of the trial', async () => {
    const trained = createStageRunner(
      changeMethod({ epochs: 1, optimizer: { lr: 1e-12, momentum: 0, weightDecay: 0 } }),
    );
    const untrained = createStageRunner(changeMethod({ method: 'untrained' }));
    await runKinds(trained, 'pretrain', 'extract');
    await runKinds(untrained, 'extract', 'sanity-check');
    const read = (runner: StageRunner) =>
      readTensorFile(path.join(runner.folderOf(runner.find('extract')), 'encoder.safetensors')).tensors;
    const [a, b] = [read(trained).get('conv1.weight')!, read(untrained).get('conv1.weight')!];
    expect(
      Math.max(...(a.values as Float32Array).map((value, i) => Math.abs(value - Number(b.values[i])))),
    ).toBeLessThan(1e-9);
  });

  test('refuses a checkpoint of another network', async () => {
    const first = createStageRunner(makeTinyExperiment());
    await runKinds(first, 'pretrain');
    const checkpoint = path.join(first.folderOf(first.find('pretrain')), 'checkpoint_0001.pth.tar');
    const model = { arch: 'resnet18', stem: 'cifar', width: 8, bn: 'plain' } as const;
    const second = createStageRunner(changeMethod({ method: 'pretrained', checkpoint, model }));
    expect(await problemOf(second.run('extract'))).toEqual({
      code: 'MODEL_STATE_MISMATCH',
      message: expect.stringMatching(
        /^Expected the tensors of this model but found \d+ of another shape: conv1\.weight \[8,3,3,3\] but found \[4,3,3,3\], /,
      ),
      hint: 'The arch, stem, width and head in the config must be those of the checkpoint.',
    });
  });

  test('refuses a file without an encoder', async () => {
    const checkpoint = path.join(createStageRunner(makeTinyExperiment()).folder, 'other.safetensors');
    const tensor: HostTensor = { dtype: 'float32', shape: [1], values: Float32Array.of(1) };
    writeTensorFile(checkpoint, new Map([['vit.embed.weight', tensor]]));
    const runner = createStageRunner(changeMethod({ method: 'pretrained', checkpoint }));
    expect(await problemOf(runner.run('extract'))).toEqual({
      code: 'STAGE_ENCODER_NOT_FOUND',
      message: `Expected an encoder in a layout that is known in ${checkpoint} but found 1 tensors that begin with: vit.embed.`,
      hint: 'Known: mocolab, facebookresearch/moco, facebookresearch/moco-v3, MMSelfSup, VISSL, lightly, solo-learn, Detectron2, torchvision.',
    });
  });
});

describe('sanity-check', () => {
  async function corrupt(change: (values: Float32Array) => void, where: 'source' | 'extracted') {
    const runner = createStageRunner(makeTinyExperiment());
    await runKinds(runner, 'pretrain');
    const change1 = (file: string, name: string) => {
      const { tensors, metadata } = readTensorFile(file);
      change(tensors.get(name)!.values as Float32Array);
      writeTensorFile(file, tensors, metadata);
    };
    const checkpoint = path.join(runner.folderOf(runner.find('pretrain')), 'checkpoint_0001.pth.tar');
    if (where === 'source') change1(checkpoint, 'module.encoder_q.layer1.0.conv1.weight');
    await runner.run('extract');
    const encoder = path.join(runner.folderOf(runner.find('extract')), 'encoder.safetensors');
    if (where === 'extracted') change1(encoder, 'layer1.0.conv1.weight');
    return { problem: await problemOf(runner.run('sanity-check')), checkpoint };
  }

  test('finds one bit that differs', async () => {
    const { problem, checkpoint } = await corrupt((values) => {
      new Uint32Array(values.buffer, values.byteOffset, 1)[0]! ^= 1;
    }, 'extracted');
    expect(problem).toEqual({
      code: 'STAGE_SANITY_CHECK',
      message: `Expected the extracted encoder to be encoder_q of ${checkpoint} bit for bit but 1 tensors differ (0 missing, 0 unexpected, 1 changed): layer1.0.conv1.weight.`,
      hint: 'One of the two files was changed after it was written. Delete the extract folder and run again.',
    });
  });

  test('finds a NaN', async () => {
    const { problem, checkpoint } = await corrupt((values) => {
      values[3] = Number.NaN;
    }, 'source');
    expect(problem).toEqual({
      code: 'STAGE_NOT_FINITE',
      message: `Expected every number of the encoder in ${checkpoint} to be finite but 1 tensors hold NaN or infinity: layer1.0.conv1.weight.`,
      hint: 'The training diverged. Lower optimizer.lr and train again.',
    });
  });
});

describe('lincls', () => {
  test('leaves the backbone as it was, and the classifier beside it', async () => {
    const runner = createStageRunner(makeTinyExperiment());
    await runKinds(runner, 'pretrain', 'extract', 'lincls');
    const read = (kind: 'extract' | 'lincls', name: string) =>
      readTensorFile(path.join(runner.folderOf(runner.find(kind)), name)).tensors;
    const classifier = read('lincls', 'checkpoint.pth.tar');
    for (const [name, tensor] of read('extract', 'encoder.safetensors'))
      expect(classifier.get(`module.${name}`)).toEqual(tensor);
    expect(classifier.get('module.fc.weight')?.shape).toEqual([4, 32]);
    expect(classifier.get('module.fc.bias')?.shape).toEqual([4]);
  });

  test('gives the same numbers from features that are kept and from features computed anew', async () => {
    const kept = createStageRunner(makeTinyExperiment());
    const anew = createStageRunner(changeLincls({ augment: [{ op: 'randomCrop', size: 16, padding: 0 }] }));
    await runKinds(kept, 'pretrain', 'extract', 'lincls');
    await runKinds(anew, 'pretrain', 'extract', 'lincls');
    const rows = (runner: StageRunner) => metricsOf(runner, 'lincls').map(({ stepTimeMs: _, ...row }) => row);
    expect(rows(anew)).toEqual(rows(kept));
  });

  test('reports last and best accuracies', async () => {
    const runner = createStageRunner(makeTinyExperiment());
    const [, , outcome] = await runKinds(runner, 'pretrain', 'extract', 'lincls');
    const val = metricsOf(runner, 'lincls').filter(({ split }) => split === 'val');
    const accuracies = val.map(({ acc1 }) => Number(acc1));
    const metrics = outcome?.state === 'done' ? outcome.metrics : {};
    expect(metrics.top1).toBe(accuracies.at(-1));
    expect(metrics.bestTop1).toBe(Math.max(...accuracies));
    expect(metrics.bestEpoch).toBe(accuracies.indexOf(Math.max(...accuracies)) + 1);
    expect(metrics.top5).toBe(100);
  });
});

describe('knn', () => {
  test('refuses a k larger than the bank', async () => {
    const experiment = makeTinyExperiment();
    const evaluations = experiment.evaluations.map((evaluation) =>
      evaluation.recipe.kind === 'knn'
        ? { ...evaluation, recipe: { ...evaluation.recipe, k: 97 } }
        : evaluation,
    );
    const runner = createStageRunner({ ...experiment, evaluations });
    await runKinds(runner, 'pretrain', 'extract');
    expect(await problemOf(runner.run('knn'))).toEqual({
      code: 'STAGE_KNN_BANK_TOO_SMALL',
      message: 'Expected k to be at most the 96 training images but received 97.',
      hint: 'Lower k, or raise data.limit.train.',
    });
  });
});

test('report writes the table in all its forms, without an engine', async () => {
  const runner = createStageRunner(makeTinyExperiment());
  const forms = ['report.html', 'report.md', 'report.tex', 'report.json', 'report.csv'];
  expect(await runner.run('report')).toMatchObject({ outputs: [...forms, 'figures/graph.svg'] });
  const folder = runner.folderOf(runner.find('report'));
  expect(readFileSync(path.join(folder, 'report.md'), 'utf8')).toContain('pending');
  rmSync(folder, { recursive: true });
  expect(existsSync(folder)).toBe(false);
});
