// What the kNN of a finished encoder and that of one in training have in common: unit-length features of a split, and
// the training images' votes on the held-out ones.

import type { KnnRecipe, PretrainRecipe } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import type { Split } from '../data/dataset.ts';
import { openLoader } from '../data/loader.ts';
import type { Engine } from '../engine/engine.ts';
import { computeAccuracy } from '../train/accuracy.ts';
import { classifyByNeighbours, type KnnPrediction, normaliseFeatures } from '../train/knn.ts';
import { type ComputedFeatures, computeSplitFeatures, type FeatureBackbone } from './features.ts';
import { chooseThreads } from './inputs.ts';
import type { StageContext } from './stage-context.ts';

export type ClassFeatures = ComputedFeatures & { readonly classes: readonly string[] };

export interface FeatureReading {
  readonly context: Pick<StageContext, 'stage' | 'cores' | 'report'>;
  /** Whose data and loader. */
  readonly recipe: Pick<KnnRecipe | PretrainRecipe, 'data' | 'loader' | 'batchSize'>;
  readonly evalTransform: KnnRecipe['evalTransform'];
  readonly backbone: FeatureBackbone;
  /** In front of what is reported. */
  readonly prefix?: string;
  isStopping(): Promise<boolean>;
}

/** Unit-length features of a split; undefined where the stage was told to stop. Throws DATA_* problems. */
export async function readUnitFeatures(
  { context, recipe, evalTransform, backbone, prefix = '', isStopping }: FeatureReading,
  split: Split,
): Promise<ClassFeatures | undefined> {
  const loader = await openLoader({
    data: recipe.data,
    split,
    ops: evalTransform,
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
    const phase = `${prefix}features of the ${split === 'train' ? 'bank' : 'held-out images'}`;
    const features = await computeSplitFeatures(backbone, loader, {
      ...{ phase, report: context.report, isStopping },
    });
    if (!features) return undefined;
    normaliseFeatures(features.values, backbone.featureDim);
    return { ...features, classes: loader.classes };
  } finally {
    await loader.close();
  }
}

export interface Vote {
  /** Of the training images. */
  readonly bank: ClassFeatures;
  /** Of the held-out images. */
  readonly queries: ClassFeatures;
  readonly featureDim: number;
}

/** `top1`, `top5`: percent of the held-out images whose class has the highest score, or one of the five highest. */
export interface VoteOutcome {
  readonly prediction: KnnPrediction;
  readonly metrics: { readonly top1: number; readonly top5: number };
}

/** Throws STAGE_KNN_BANK_TOO_SMALL. */
export async function vote(
  engine: Engine,
  { bank, queries, featureDim }: Vote,
  { k, temperature }: Pick<KnnRecipe, 'k' | 'temperature'>,
): Promise<VoteOutcome> {
  refuseSmallBank(k, bank.labels.length);
  const classes = bank.classes.length;
  const prediction = await classifyByNeighbours(engine, {
    bank: { ...bank, featureDim },
    queries: { ...queries, featureDim },
    options: { k, temperature, classes },
  });
  const ks = [1, Math.min(5, classes)];
  const [top1, top5] = computeAccuracy(prediction.scores, queries.labels, { ks, classes });
  return { prediction, metrics: { top1: top1!, top5: top5! } };
}

function refuseSmallBank(k: number, bank: number): void {
  if (k <= bank) return;
  throw new ProblemError({
    code: 'STAGE_KNN_BANK_TOO_SMALL',
    message: `Expected k to be at most the ${bank} training images but received ${k}.`,
    hint: 'Lower k, or raise data.limit.train.',
  });
}
