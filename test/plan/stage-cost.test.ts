import { describe, expect, test } from 'vitest';
import type { Arch, DataConfig } from '../../src/config/schema/recipe.generated.ts';
import { countBackbone, countFeatures, countLinear } from '../../src/plan/count-parameters.ts';
import { dataKey, findDataSize, listUnsizedData } from '../../src/plan/data-size.ts';
import { costExtract, costKnn, costLincls, costPretrain } from '../../src/plan/stage-cost.ts';
import {
  makeExperiment,
  makeKnnRecipe,
  makeLinclsRecipe,
  makeMethod,
  makePretrainRecipe,
  smallModel,
} from '../helpers/make-experiment.ts';

describe('a network with 1,000 classes has as many parameters as torchvision says', () => {
  const published: [Arch, number][] = [
    ['resnet18', 11_689_512],
    ['resnet34', 21_797_672],
    ['resnet50', 25_557_032],
    ['resnet101', 44_549_160],
    ['resnet152', 60_192_808],
    ['wide_resnet50_2', 68_883_240],
    ['resnext50_32x4d', 25_028_904],
  ];
  test.each(published)('%s', (arch, parameters) => {
    const model = { arch, stem: 'imagenet', width: 64, bn: 'plain' } as const;
    expect(countBackbone(model).parameters + countLinear(countFeatures(model), 1000)).toBe(parameters);
  });
});

test('a ResNet-18 has 20 BatchNorms of 4,800 channels', () => {
  const model = { arch: 'resnet18', stem: 'imagenet', width: 64, bn: 'plain' } as const;
  expect(countBackbone(model).statistics).toBe(2 * 4800);
});

test('pre-training drops the last batch of every epoch', () => {
  const cost = costPretrain(makePretrainRecipe(), {});
  expect(cost.steps).toBe(200 * Math.floor(50_000 / 512));
  expect(cost.images).toBe(200 * 97 * 512);
});

test('linear classification keeps the last batch, and computes the held-out features once', () => {
  const cost = costLincls(makeLinclsRecipe(), smallModel, {});
  expect(cost.steps).toBe(100 * 196);
  expect(cost.images).toBe(100 * 50_000 + 10_000);
});

test('linear classification of images that never change computes every feature once', () => {
  const recipe = makeLinclsRecipe({ augment: [{ op: 'centerCrop', size: 32 }] });
  expect(costLincls(recipe, smallModel, {}).images).toBe(60_000);
});

test('kNN looks at every image once', () => {
  expect(costKnn(makeKnnRecipe(), {})).toMatchObject({ steps: 120, images: 60_000 });
});

test('a checkpoint holds both encoders, the velocity and the queue', () => {
  const { moco } = makePretrainRecipe();
  const small = costPretrain(makePretrainRecipe({ moco: { ...moco, queueSize: 4096 } }), {});
  const large = costPretrain(makePretrainRecipe({ moco: { ...moco, queueSize: 65_536 } }), {});
  expect(large.diskBytes! - small.diskBytes!).toBe(4 * 128 * (65_536 - 4096));
  const encoder = 11_168_832 + countLinear(512, 128);
  expect(small.diskBytes).toBeGreaterThan(4 * (3 * encoder + 2 * 9600 + 128 * 4096));
});

test('what keep lets stay takes its place on disk', () => {
  const pretrain = (keep: string, everyEpochs = 1) =>
    costPretrain(
      makePretrainRecipe({ epochs: 200, checkpointing: { everyMinutes: 15, everyEpochs, keep } }),
      {},
    ).diskBytes!;
  const one = pretrain('every 100') - pretrain('last');
  expect(one).toBeGreaterThan(4 * 3 * 11_168_832);
  expect(pretrain('every 20') - pretrain('last')).toBe(9 * one);
  expect(pretrain('all') - pretrain('last')).toBe(199 * one);
  expect(pretrain('all', 7) - pretrain('last')).toBe(28 * one);
  expect(pretrain('every 10', 15) - pretrain('last')).toBe(6 * one);
  const lincls = (keep: string) =>
    costLincls(
      makeLinclsRecipe({ checkpointing: { everyEpochs: 10, everyMinutes: 15, keep } }),
      smallModel,
      {},
    ).diskBytes!;
  const classifier = lincls('best') - lincls('last');
  expect(classifier).toBeGreaterThan(4 * 11_168_832);
  expect(lincls('all') - lincls('last')).toBe(11 * classifier);
});

test('while it trains, there are two more of its checkpoints', () => {
  const keeping = (keep: string) =>
    costPretrain(makePretrainRecipe({ checkpointing: { everyEpochs: 1, everyMinutes: 15, keep } }), {});
  const one = (keeping('all').diskBytes! - keeping('last').diskBytes!) / 199;
  expect(keeping('last').passingBytes).toBe(2 * one);
  const classifying = (keep: string) => {
    const checkpointing = { everyEpochs: 10, everyMinutes: 15, keep };
    return costLincls(makeLinclsRecipe({ checkpointing }), smallModel, {});
  };
  const classifier = classifying('best').diskBytes! - classifying('last').diskBytes!;
  expect(classifying('best').passingBytes).toBe(2 * classifier);
});

test('the two-layer head adds its hidden layer', () => {
  const { moco } = makePretrainRecipe();
  const linear = costExtract(makePretrainRecipe());
  const mlp = costExtract(makePretrainRecipe({ moco: { ...moco, mlp: true } }));
  expect(mlp.diskBytes! - linear.diskBytes!).toBe(4 * 513 * 512);
});

const folder: DataConfig = { dataset: 'imagefolder', root: '/data', mean: [0, 0, 0], std: [1, 1, 1] };

test('what depends on a data set that nobody has surveyed is unknown', () => {
  expect(costPretrain(makePretrainRecipe({ data: folder }), {})).toMatchObject({ steps: null, images: null });
  const lincls = costLincls(makeLinclsRecipe({ data: folder }), smallModel, {});
  expect(lincls).toMatchObject({ steps: null, images: null, diskBytes: null });
  expect(costKnn(makeKnnRecipe({ data: folder }), {})).toMatchObject({ steps: null, diskBytes: null });
});

test('a survey makes it known', () => {
  const sizes = { [dataKey(folder)]: { train: 1_281_167, val: 50_000, classes: 1000 } };
  const cost = costPretrain(makePretrainRecipe({ data: folder, epochs: 1, batchSize: 256 }), sizes);
  expect(cost.steps).toBe(5004);
});

test('only folders need a survey, each once, and only where their images are trained on', () => {
  const evaluations = makeExperiment().evaluations;
  const methods = [
    makeMethod('a', { data: folder }),
    makeMethod('b', { data: { ...folder, mean: [0.5, 0.5, 0.5] } }),
    makeMethod('c', { data: { ...folder, root: '/unused' }, method: 'untrained' }),
  ];
  expect(listUnsizedData(makeExperiment({ methods, evaluations }))).toHaveLength(1);
});

test('a limit never makes a data set larger', () => {
  const data: DataConfig = { ...folder, dataset: 'cifar10', limit: { train: 5000, val: 20_000, seed: 0 } };
  expect(findDataSize(data, {})).toEqual({ train: 5000, val: 10_000, classes: 10 });
});
