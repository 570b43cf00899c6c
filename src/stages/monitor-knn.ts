// kNN of the encoder while it trains, as the authors' CIFAR demo measures after every epoch. Only looks: the encoder
// is in eval mode, the loaders draw nothing, and no random stream of the training is touched.

import type { KnnMonitor } from '../config/schema/recipe.generated.ts';
import * as tf from '../engine/tf.ts';
import type { Encoder } from '../model/encoder.ts';
import type { FeatureBackbone } from './features.ts';
import { readUnitFeatures, type VoteOutcome, vote } from './knn-vote.ts';
import type { MocoTraining } from './moco-training.ts';
import { workAlone } from './rank-team.ts';

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
  training: MocoTraining,
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
  { context, recipe, engine, moco }: MocoTraining,
  monitor: KnnMonitor,
  isStopping: () => Promise<boolean>,
): Promise<VoteOutcome['metrics'] | undefined> {
  const { evalTransform, features } = monitor;
  const backbone = openBackbone(moco.queryEncoder, features, recipe.moco.dim);
  const reading = { context, recipe, evalTransform, backbone, prefix: 'kNN: ', isStopping };
  const bank = await readUnitFeatures(reading, 'train');
  const queries = bank && (await readUnitFeatures(reading, 'val'));
  if (!bank || !queries) return undefined;
  const { metrics } = await vote(engine, { bank, queries, featureDim: backbone.featureDim }, monitor);
  return metrics;
}

function openBackbone(encoder: Encoder, features: KnnMonitor['features'], dim: number): FeatureBackbone {
  const projects = features === 'projection';
  return {
    featureDim: projects ? dim : encoder.featureDim,
    extractFeatures: (images) =>
      tf.tidy(() =>
        projects ? encoder.encode(images, { training: false }) : encoder.extractFeatures(images),
      ),
  };
}
