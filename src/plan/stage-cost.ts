// What a stage will take, known before it runs: steps, images, bytes that stay on disk.
// Times are not here: they come from earlier runs (runs/estimate-durations).

import { isDeterministic } from '../config/image-ops.ts';
import type {
  DetectionRecipe,
  KnnRecipe,
  LinclsRecipe,
  ModelConfig,
  PretrainRecipe,
} from '../config/schema/recipe.generated.ts';
import { countBackbone, countFeatures, countLinear } from './count-parameters.ts';
import { findDataSize } from './data-size.ts';
import type { DataSizes, StageCost } from './stage-graph.ts';

const FLOAT_BYTES = 4;
/** Upper estimate of a stage's config, record and log. */
const PAPERWORK_BYTES = 32_768;
/** Upper estimate of a line of metrics. */
const METRICS_LINE_BYTES = 256;
/** Upper estimate of what a tensor takes in a file beside its numbers: name, shape, alignment. */
const TENSOR_BYTES = 512;
/** Weights and biases of two layers at most; the optimiser's state has as many. */
const HEAD_TENSORS = 4;
/** Upper estimate of one image's prediction in knn.json. */
const PREDICTION_BYTES = 64;

/** MoCo: each image once an epoch, as two crops; the last, smaller batch is dropped. */
export function costPretrain(recipe: PretrainRecipe, sizes: DataSizes): StageCost {
  const size = findDataSize(recipe.data, sizes);
  const steps = size && recipe.epochs * Math.floor(size.train / recipe.batchSize);
  const { parameters, statistics, tensors } = countEncoder(recipe);
  const queue = recipe.moco.dim * recipe.moco.queueSize;
  // Both encoders, the optimiser's velocity, and the queue.
  const checkpoint =
    FLOAT_BYTES * (2 * (parameters + statistics) + parameters + queue) + 3 * tensors * TENSOR_BYTES;
  return {
    steps,
    images: steps === null ? null : steps * recipe.batchSize,
    diskBytes: (1 + countKept(recipe)) * checkpoint + PAPERWORK_BYTES + countMetricsBytes(steps),
    passingBytes: 2 * checkpoint,
    devices: recipe.devices,
  };
}

/** Numbered checkpoints that stay beside the last one. */
function countKept({ epochs, checkpointing }: Pick<PretrainRecipe, 'epochs' | 'checkpointing'>): number {
  const { everyEpochs, keep } = checkpointing;
  const every = keep === 'all' ? 1 : Number(/^every (\d+)$/.exec(keep)?.[1] ?? Number.POSITIVE_INFINITY);
  let kept = 0;
  for (let done = everyEpochs; done < epochs; done += everyEpochs) if (done % every === 0) kept++;
  return kept;
}

/** The query encoder, as backbone and head in two files. */
export function costExtract(recipe: PretrainRecipe): StageCost {
  const { parameters, statistics, tensors } = countEncoder(recipe);
  const diskBytes = FLOAT_BYTES * (parameters + statistics) + tensors * TENSOR_BYTES + PAPERWORK_BYTES;
  return { ...costBookkeeping(), diskBytes };
}

/** Linear classification: images that look the same every epoch pass the frozen network once. */
export function costLincls(recipe: LinclsRecipe, model: ModelConfig, sizes: DataSizes): StageCost {
  const size = findDataSize(recipe.data, sizes);
  if (!size) return { steps: null, images: null, diskBytes: null, devices: recipe.devices };
  const steps = recipe.epochs * Math.ceil(size.train / recipe.batchSize);
  const backbone = countBackbone(model);
  const classifier = countLinear(countFeatures(model), size.classes);
  // Network, classifier, and the classifier's velocity; for the last, for the best epoch, and what else stays.
  const checkpoint =
    FLOAT_BYTES * (backbone.parameters + backbone.statistics + 2 * classifier) +
    (backbone.tensors + HEAD_TENSORS) * TENSOR_BYTES;
  const { keep } = recipe.checkpointing;
  const files = keep === 'last' ? 1 : 2 + (keep === 'best' ? 0 : 1 + countKept(recipe));
  return {
    steps,
    images: (recipe.augment.every(isDeterministic) ? 1 : recipe.epochs) * size.train + size.val,
    diskBytes: files * checkpoint + PAPERWORK_BYTES + countMetricsBytes(steps),
    passingBytes: 2 * checkpoint,
    devices: recipe.devices,
  };
}

/** kNN: every image through the network once. */
export function costKnn(recipe: KnnRecipe, sizes: DataSizes): StageCost {
  const size = findDataSize(recipe.data, sizes);
  if (!size) return { steps: null, images: null, diskBytes: null, devices: 1 };
  return {
    steps: Math.ceil(size.train / recipe.batchSize) + Math.ceil(size.val / recipe.batchSize),
    images: size.train + size.val,
    diskBytes: size.val * PREDICTION_BYTES + PAPERWORK_BYTES,
    devices: 1,
  };
}

/** Detection: what Detectron2 does; its last checkpoint holds the detector and its velocity. */
export function costDetection({ gpus, options }: DetectionRecipe, model: ModelConfig): StageCost {
  const iterations = options['SOLVER.MAX_ITER'];
  return {
    steps: typeof iterations === 'number' ? iterations : null,
    images: null,
    diskBytes: 3 * FLOAT_BYTES * countBackbone(model).parameters + PAPERWORK_BYTES,
    devices: gpus,
  };
}

/** Stages that compare or count, and leave a few small files. */
export function costBookkeeping(): StageCost {
  return { steps: 0, images: 0, diskBytes: PAPERWORK_BYTES, devices: 0 };
}

/** The whole encoder: backbone and projection head. */
function countEncoder({ model, moco }: PretrainRecipe) {
  const { parameters, statistics, tensors } = countBackbone(model);
  const features = countFeatures(model);
  const hidden = moco.mlp ? countLinear(features, features) : 0;
  return {
    parameters: parameters + hidden + countLinear(features, moco.dim),
    statistics,
    tensors: tensors + HEAD_TENSORS,
  };
}

function countMetricsBytes(steps: number | null): number {
  return (steps ?? 0) * METRICS_LINE_BYTES;
}
