// Every file in configs/ and experiments/ is valid and compiles to the plan of the snapshot.

import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';

const files = ['configs', 'configs/ablation', 'configs/cifar10', 'experiments'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`),
);

function load(file: string, set: readonly string[] = []): ResolvedExperiment {
  const { experiment, problems } = loadConfig({ file, set, pretrained: 'encoder.safetensors', env: {} });
  expect(problems).toEqual([]);
  return experiment!;
}

describe.each(files)('%s', (file) => {
  test('is valid, and its plan is that of the snapshot', () => {
    const { stages } = compilePlan(load(file), {});
    const lines = stages
      .filter(({ trial = 1 }) => trial === 1)
      .map(
        ({ id, needs, cost }) =>
          `${id} <- ${needs.length > 4 ? needs.length : needs.join(' ')}; steps ${cost.steps}`,
      );
    expect(lines.join('\n')).toMatchSnapshot();
  });

  test('resolves to the settings of the snapshot', () => {
    const { methods, evaluations, trials } = load(file);
    expect({ trials, methods, evaluations }).toMatchSnapshot();
  });
});

test('the recipes have the hyper-parameters of the papers', () => {
  const [v1, v2] = load('experiments/imagenet-200ep.yaml').methods.map(({ recipe }) => recipe);
  const common = {
    epochs: 200,
    batchSize: 256,
    model: { arch: 'resnet50' },
    optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 },
    moco: { dim: 128, queueSize: 65536, keyMomentum: 0.999 },
  };
  expect(v1).toMatchObject({
    ...common,
    moco: { ...common.moco, temperature: 0.07, mlp: false },
    schedule: { policy: 'step', milestones: [120, 160], gamma: 0.1 },
    augment: [
      { op: 'randomResizedCrop', size: 224, scale: [0.2, 1] },
      { op: 'randomGrayscale', p: 0.2 },
      { op: 'colorJitter', brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.4, p: 1 },
      { op: 'randomHorizontalFlip', p: 0.5 },
    ],
  });
  expect(v2).toMatchObject({
    ...common,
    moco: { ...common.moco, temperature: 0.2, mlp: true },
    schedule: { policy: 'cosine' },
    augment: [
      { op: 'randomResizedCrop', size: 224, scale: [0.2, 1] },
      { op: 'colorJitter', brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8 },
      { op: 'randomGrayscale', p: 0.2 },
      { op: 'gaussianBlur', sigma: [0.1, 2], p: 0.5 },
      { op: 'randomHorizontalFlip', p: 0.5 },
    ],
  });
});

test('linear classification has the hyper-parameters of the paper', () => {
  const [evaluation] = load('experiments/imagenet-200ep.yaml').evaluations;
  expect(evaluation?.recipe).toMatchObject({
    epochs: 100,
    batchSize: 256,
    optimizer: { lr: 30, momentum: 0.9, weightDecay: 0 },
    schedule: { policy: 'step', milestones: [60, 80], gamma: 0.1 },
    init: { std: 0.01 },
    augment: [{ op: 'randomResizedCrop', size: 224 }, { op: 'randomHorizontalFlip' }],
    evalTransform: [
      { op: 'resize', size: 256 },
      { op: 'centerCrop', size: 224 },
    ],
  });
});

test('the CIFAR demo has the hyper-parameters of its authors', () => {
  const { methods, evaluations } = load('experiments/cifar10-demo.yaml');
  for (const { recipe } of methods) {
    expect(recipe).toMatchObject({
      epochs: 200,
      batchSize: 512,
      model: { arch: 'resnet18', stem: 'cifar', bn: 'split 8' },
      moco: { dim: 128, queueSize: 4096, keyMomentum: 0.99, temperature: 0.1 },
      optimizer: { lr: 0.06, momentum: 0.9, weightDecay: 5e-4 },
      schedule: { policy: 'cosine' },
      data: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
      augment: [
        { op: 'randomResizedCrop', size: 32, scale: [0.08, 1] },
        { op: 'randomHorizontalFlip', p: 0.5 },
        { op: 'colorJitter', brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8 },
        { op: 'randomGrayscale', p: 0.2 },
      ],
    });
  }
  expect(methods.map(({ recipe }) => recipe.moco.symmetric)).toEqual([false, true]);
  const knn = evaluations.find(({ recipe }) => recipe.kind === 'knn');
  expect(knn?.recipe).toMatchObject({ k: 200, temperature: 0.1, features: 'projection' });
});

test('the published values are those of the papers', () => {
  const { methods } = load('experiments/imagenet-200ep.yaml');
  const published = methods.map((method) => Object.values(method.published)[0]?.top1);
  expect(published).toMatchObject([
    { mean: 60.8, std: 0.2, trials: [60.6, 60.6, 60.7, 60.9, 61.1] },
    { mean: 67.5, std: 0.1, trials: [67.7, 67.6, 67.4, 67.6, 67.3] },
  ]);
});
