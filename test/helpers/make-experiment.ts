// Small experiments for tests, fully resolved, without going through YAML.

import type { ResolvedEvaluation, ResolvedExperiment, ResolvedMethod } from '../../src/config/resolved.ts';
import type { ReportConfig } from '../../src/config/schema/experiment.generated.ts';
import type {
  DataConfig,
  KnnRecipe,
  LinclsRecipe,
  LoaderConfig,
  ModelConfig,
  PretrainRecipe,
} from '../../src/config/schema/recipe.generated.ts';

const data: DataConfig = {
  dataset: 'cifar10',
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.2023, 0.1994, 0.201],
};

export const smallModel: ModelConfig = { arch: 'resnet18', stem: 'cifar', width: 64, bn: 'plain' };

const loader: LoaderConfig = { threads: 0, prefetch: 4, onBadImage: 'fail', maxBadImages: 10 };

/** The CIFAR recipe, 200 epochs of 97 steps. */
export function makePretrainRecipe(changes: Partial<PretrainRecipe> = {}): PretrainRecipe {
  return {
    kind: 'pretrain',
    name: 'moco',
    method: 'moco',
    engine: 'wasm',
    precision: 'fp32',
    epochs: 200,
    devices: 1,
    batchSize: 512,
    model: smallModel,
    moco: {
      dim: 128,
      queueSize: 4096,
      keyMomentum: 0.99,
      temperature: 0.1,
      mlp: false,
      symmetric: false,
      shuffleBn: true,
    },
    optimizer: { lr: 0.06, momentum: 0.9, weightDecay: 5e-4 },
    schedule: { policy: 'cosine', milestones: [], gamma: 0.1 },
    data,
    augment: [{ op: 'randomResizedCrop', size: 32, scale: [0.08, 1], ratio: [0.75, 1.3333] }],
    loader,
    checkpointing: { everyEpochs: 1, everyMinutes: 15, keep: 'last' },
    ...changes,
  };
}

export function makeLinclsRecipe(changes: Partial<LinclsRecipe> = {}): LinclsRecipe {
  return {
    kind: 'lincls',
    name: 'lincls',
    engine: 'wasm',
    precision: 'fp32',
    epochs: 100,
    devices: 1,
    batchSize: 256,
    optimizer: { lr: 30, momentum: 0.9, weightDecay: 0 },
    schedule: { policy: 'step', milestones: [60, 80], gamma: 0.1 },
    init: { std: 0.01 },
    data,
    augment: [{ op: 'randomCrop', size: 32, padding: 4 }],
    evalTransform: [],
    loader,
    checkpointing: { everyEpochs: 10, everyMinutes: 15, keep: 'best' },
    ...changes,
  };
}

export function makeKnnRecipe(changes: Partial<KnnRecipe> = {}): KnnRecipe {
  return {
    kind: 'knn',
    name: 'knn',
    engine: 'wasm',
    precision: 'fp32',
    batchSize: 500,
    k: 200,
    temperature: 0.1,
    features: 'projection',
    data,
    evalTransform: [],
    loader,
    ...changes,
  };
}

export function makeMethod(
  name: string,
  recipe: Partial<PretrainRecipe> = {},
  published: ResolvedMethod['published'] = {},
): ResolvedMethod {
  return { name, label: name, recipe: makePretrainRecipe(recipe), published };
}

export const lincls: ResolvedEvaluation = { name: 'lincls', label: 'linear', recipe: makeLinclsRecipe() };
export const knn: ResolvedEvaluation = { name: 'knn', label: 'kNN', recipe: makeKnnRecipe() };

export function makeReportConfig(changes: Partial<ReportConfig> = {}): ReportConfig {
  return { columns: [], margin: 0.5, alpha: 0.05, ...changes };
}

/** One method, one trial, linear classification and kNN, unless told otherwise. */
export function makeExperiment(changes: Partial<ResolvedExperiment> = {}): ResolvedExperiment {
  return {
    name: 'demo',
    file: 'experiments/demo.yaml',
    seed: 0,
    trials: 1,
    methods: [makeMethod('moco')],
    evaluations: [lincls, knn],
    launch: {
      devices: 'auto',
      stallTimeout: 1800,
      preemptionGrace: 25,
      retries: 3,
      retryDelay: 10,
      failureMode: 'continue',
    },
    report: makeReportConfig({ columns: ['lincls.top1', 'knn.top1'] }),
    ...changes,
  };
}
