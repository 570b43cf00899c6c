// kNN of the encoder while it trains, as the authors' CIFAR demo measures after every epoch. Only looks: the encoder
// is in eval mode, the loaders draw nothing, and no random stream of the training is touched.

import type { KnnMonitor, PretrainRecipe } from '../config/schema/recipe.generated.ts';
import type { Split } from '../data/dataset.ts';
import { openLoader } from '../data/loader.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import type { Encoder } from '../model/encoder.ts';
import type { MetricsLog } from '../runs/metrics-log.ts';
import { classifyByNeighbours, normaliseFeatures } from '../train/knn.ts';
import { computeSplitFeatures } from './features.ts';
import { chooseThreads } from './inputs.ts';
import { measureKnn, refuseSmallBank } from './knn.ts';
import { type RankTeam, workAlone } from './rank-team.ts';
import type { StageContext } from './stage-context.ts';

/** The training whose encoder it is. */
export interface MonitoredTraining {
  readonly context: StageContext<'pretrain'>;
  readonly recipe: PretrainRecipe;
  readonly engine: Engine;
  readonly moco: { readonly queryEncoder: Encoder };
  readonly log: MetricsLog;
  readonly team: RankTeam;
}

/** True where the encoder is to be measured after so many epochs. */
export function isMonitored(monitor: KnnMonitor | undefined, done: number, epochs: number): boolean {
  return monitor !== undefined && (done % monitor.every === 0 || done === epochs);
}

/**
 * Measures on rank 0, whose encoder is the one that is kept, and writes a row of metrics: `knnTop1`, `knnTop5`, percent.
 *
 * @returns false where it was told to stop; then there is no row
 */
export async function monitorKnn(
  training: MonitoredTraining,
  monitor: KnnMonitor,
  { step, epoch }: { readonly step: number; readonly epoch: number },
): Promise<boolean> {
  const { context, team, log } = training;
  const found = await workAlone(team, context, (isStopping) => measure(training, monitor, isStopping));
  if (!team.keepsFiles) return !team.isStopping();
  if (!found) return false;
  log.append({ step, epoch, split: 'val', knnTop1: found.top1, knnTop5: found.top5 });
  return true;
}

async function measure(
  training: MonitoredTraining,
  { k, temperature, features, evalTransform }: KnnMonitor,
  isStopping: () => Promise<boolean>,
): Promise<{ readonly top1: number; readonly top5: number } | undefined> {
  const { engine, moco, recipe } = training;
  const backbone = openBackbone(moco.queryEncoder, features, recipe.moco.dim);
  const { featureDim } = backbone;
  const read = (split: Split) => readFeatures(training, { backbone, split, ops: evalTransform, isStopping });
  const bank = await read('train');
  const queries = bank && (await read('val'));
  if (!bank || !queries) return undefined;
  refuseSmallBank(k, bank.labels.length);
  const classes = bank.classes.length;
  const prediction = await classifyByNeighbours(engine, {
    bank: { ...bank, featureDim },
    queries: { ...queries, featureDim },
    options: { k, temperature, classes },
  });
  return measureKnn(prediction, queries.labels, classes);
}

type Backbone = Parameters<typeof computeSplitFeatures>[0];

function openBackbone(encoder: Encoder, features: KnnMonitor['features'], dim: number): Backbone {
  const projects = features === 'projection';
  return {
    featureDim: projects ? dim : encoder.featureDim,
    extractFeatures: (images) =>
      tf.tidy(() =>
        projects ? encoder.encode(images, { training: false }) : encoder.extractFeatures(images),
      ),
  };
}

interface Reading {
  readonly backbone: Backbone;
  readonly split: Split;
  readonly ops: KnnMonitor['evalTransform'];
  readonly isStopping: () => Promise<boolean>;
}

/** Unit-length features of a split. */
async function readFeatures(
  { context, recipe }: MonitoredTraining,
  { backbone, split, ops, isStopping }: Reading,
) {
  const loader = await openLoader({
    ...{ data: recipe.data, split, ops, views: 1, shuffle: false, dropLast: false },
    batchSize: recipe.batchSize,
    seed: context.stage.seed,
    threads: chooseThreads(recipe.loader, context.cores),
    prefetch: recipe.loader.prefetch,
    ...(split === 'train' ? { badImages: recipe.loader } : {}),
  });
  try {
    const phase = split === 'train' ? 'kNN: features of the bank' : 'kNN: features of the held-out images';
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
