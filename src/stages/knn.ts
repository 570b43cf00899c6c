// The kNN evaluation of the authors' CIFAR demo: the training images, as they are, vote on the
// held-out ones. Nothing is trained.

import path from 'node:path';
import { ProblemError } from '../core/problem.ts';
import type { Split } from '../data/dataset.ts';
import { openLoader } from '../data/loader.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { computeAccuracy } from '../train/accuracy.ts';
import { classifyByNeighbours, type KnnPrediction, normaliseFeatures } from '../train/knn.ts';
import { BadImages } from './bad-images.ts';
import { drawFeatures } from './draw-features.ts';
import { embedFeatures } from './embed-features.ts';
import { type ComputedFeatures, computeSplitFeatures } from './features.ts';
import { type FrozenBackbone, loadFrozenBackbone } from './frozen-backbone.ts';
import { chooseThreads } from './inputs.ts';
import type { RunStage, StageContext } from './stage-context.ts';
import { KNN_FILE } from './stage-files.ts';

/** Leaves KNN_FILE. Throws DATA_*, MODEL_STATE_MISMATCH and STAGE_KNN_BANK_TOO_SMALL. */
export const runKnn: RunStage<'knn'> = async (context) => {
  const { recipe, trainedWith } = context.config;
  const engine = await createEngine(recipe.engine, { precision: recipe.precision, warn: context.warn });
  const backbone = loadFrozenBackbone(context, { engine, trainedWith, features: recipe.features });
  const started = performance.now();
  const badImages = new BadImages({ policy: recipe.loader, warn: context.warn });
  const bank = await readFeatures(context, backbone, 'train');
  badImages.note(bank?.bad ?? []);
  const queries = bank && (await readFeatures(context, backbone, 'val'));
  if (!bank || !queries) return { state: 'stopped' };
  const images = bank.labels.length + queries.labels.length;
  const imagesPerSecond = (1000 * images) / (performance.now() - started);
  const { k, temperature } = recipe;
  refuseSmallBank(k, bank.labels.length);
  const { featureDim } = backbone;
  const prediction = await classifyByNeighbours(engine, {
    bank: { ...bank, featureDim },
    queries: { ...queries, featureDim },
    options: { k, temperature, classes: bank.classes.length },
  });
  const metrics = measureKnn(prediction, queries.labels, bank.classes.length);
  const found = { k, temperature, features: recipe.features, bank: bank.labels.length, ...metrics };
  writePredictions(path.join(context.folder, KNN_FILE), found, {
    classes: bank.classes,
    labels: Array.from(queries.labels),
    predicted: Array.from(prediction.predicted),
  });
  // One trial is as good to look at as another.
  if (context.stage.trial === 1) await drawTrial(context, engine, { bank, queries, featureDim });
  return {
    state: 'done',
    metrics,
    outputs: [KNN_FILE],
    images,
    imagesPerSecond,
    engine: engine.description,
    badImages: badImages.list,
  };
};

async function drawTrial(
  { folder, config: { recipe }, stage, report }: StageContext<'knn'>,
  engine: Engine,
  { bank, queries, featureDim }: { bank: Features; queries: Features; featureDim: number },
): Promise<void> {
  report({ phase: 'map of features', done: 0, total: 1, meters: {} });
  const drawing = {
    ...{ engine, folder, classes: bank.classes, seed: stage.seed },
    bank: { ...bank, featureDim },
    queries: { ...queries, featureDim },
    data: recipe.data,
    evalTransform: recipe.evalTransform,
    badImages: recipe.loader,
  };
  await drawFeatures(drawing);
  await embedFeatures(drawing);
}

type Features = ComputedFeatures & { readonly classes: readonly string[] };

/** Unit-length features of a split. */
async function readFeatures(
  context: StageContext<'knn'>,
  backbone: FrozenBackbone,
  split: Split,
): Promise<Features | undefined> {
  const { recipe } = context.config;
  const loader = await openLoader({
    data: recipe.data,
    split,
    ops: recipe.evalTransform,
    views: 1,
    batchSize: recipe.batchSize,
    shuffle: false,
    dropLast: false,
    seed: context.stage.seed,
    threads: chooseThreads(recipe.loader, context.cores),
    prefetch: recipe.loader.prefetch,
    ...(split === 'train' ? { badImages: recipe.loader } : {}),
  });
  try {
    const phase = split === 'train' ? 'features of the bank' : 'features of the held-out images';
    const features = await computeSplitFeatures(backbone, loader, {
      ...{ phase, report: context.report },
      isStopping: async () => context.stop.aborted,
    });
    if (!features) return undefined;
    normaliseFeatures(features.values, backbone.featureDim);
    return { ...features, classes: loader.classes };
  } finally {
    await loader.close();
  }
}

/** Throws STAGE_KNN_BANK_TOO_SMALL. */
export function refuseSmallBank(k: number, bank: number): void {
  if (k <= bank) return;
  throw new ProblemError({
    code: 'STAGE_KNN_BANK_TOO_SMALL',
    message: `Expected k to be at most the ${bank} training images but received ${k}.`,
    hint: 'Lower k, or raise data.limit.train.',
  });
}

/** Percent of the held-out images whose class has the highest score, or one of the five highest. */
export function measureKnn({ scores }: KnnPrediction, labels: Int32Array, classes: number) {
  const [top1, top5] = computeAccuracy(scores, labels, { ks: [1, Math.min(5, classes)], classes });
  return { top1: top1!, top5: top5! };
}

/** One line for each list, so that people can look at the file. */
function writePredictions(file: string, found: object, lists: { readonly [name: string]: unknown }): void {
  const lines = Object.entries({ ...found, ...lists }).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  writeFileAtomic(file, [`{\n${lines.join(',\n')}\n}\n`]);
}
