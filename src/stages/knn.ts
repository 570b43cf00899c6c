// The kNN evaluation of the authors' CIFAR demo: the training images, as they are, vote on the
// held-out ones. Nothing is trained.

import path from 'node:path';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { BadImages } from './bad-images.ts';
import { drawFeatures } from './draw-features.ts';
import { embedFeatures } from './embed-features.ts';
import { loadFrozenBackbone } from './frozen-backbone.ts';
import { type FeatureReading, readUnitFeatures, type Vote, vote } from './knn-vote.ts';
import type { RunStage, StageContext } from './stage-context.ts';
import { KNN_FILE } from './stage-files.ts';

/** Leaves KNN_FILE. Throws DATA_*, MODEL_STATE_MISMATCH and STAGE_KNN_BANK_TOO_SMALL. */
export const runKnn: RunStage<'knn'> = async (context) => {
  const { recipe, trainedWith } = context.config;
  const engine = await createEngine(recipe.engine, { precision: recipe.precision, warn: context.warn });
  const backbone = loadFrozenBackbone(context, { engine, trainedWith, features: recipe.features });
  const started = performance.now();
  const badImages = new BadImages({ policy: recipe.loader, warn: context.warn });
  const reading: FeatureReading = {
    ...{ context, recipe, evalTransform: recipe.evalTransform, backbone },
    isStopping: async () => context.stop.aborted,
  };
  const bank = await readUnitFeatures(reading, 'train');
  badImages.note(bank?.bad ?? []);
  const queries = bank && (await readUnitFeatures(reading, 'val'));
  if (!bank || !queries) return { state: 'stopped' };
  const images = bank.labels.length + queries.labels.length;
  const imagesPerSecond = (1000 * images) / (performance.now() - started);
  const { k, temperature } = recipe;
  const { featureDim } = backbone;
  const { prediction, metrics } = await vote(engine, { bank, queries, featureDim }, recipe);
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
  { bank, queries, featureDim }: Vote,
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

/** One line for each list, so that people can look at the file. */
function writePredictions(file: string, found: object, lists: { readonly [name: string]: unknown }): void {
  const lines = Object.entries({ ...found, ...lists }).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  writeFileAtomic(file, [`{\n${lines.join(',\n')}\n}\n`]);
}
