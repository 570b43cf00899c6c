// Linear classification on frozen features: what main_lincls.py opens before its loop, which is in train-probe. The
// backbone stays in eval mode throughout, and is proven unchanged after the first epoch and at the end.

import { deriveSeed } from '../core/rng.ts';
import { REFUSE_BAD } from '../data/bad-image.ts';
import type { LoaderOptions } from '../data/loader.ts';
import { createEngine } from '../engine/create-engine.ts';
import { createLinearProbe } from '../train/linear-probe.ts';
import { type FeatureSource, openFeatureSource } from './feature-source.ts';
import { loadFrozenBackbone } from './frozen-backbone.ts';
import { chooseThreads } from './inputs.ts';
import { describeTeam, joinTeam } from './rank-team.ts';
import type { RunStage, StageContext } from './stage-context.ts';
import { trainProbe } from './train-probe.ts';

/** Leaves both classifiers and METRICS_FILE. Throws DATA_*, MODEL_STATE_MISMATCH and STAGE_* problems. */
export const runLincls: RunStage<'lincls'> = async (context) => {
  const { recipe, trainedWith } = context.config;
  const engine = await createEngine(recipe.engine, { precision: recipe.precision, warn: context.warn });
  const backbone = loadFrozenBackbone(context, { engine, trainedWith, features: 'backbone' });
  const team = await joinTeam(context, { engine, facts: { featureDim: backbone.featureDim } });
  const sources: FeatureSource[] = [];
  try {
    const started = performance.now();
    for (const loader of [trainLoader(context), valLoader(context)]) {
      const source = await openFeatureSource({ report: context.report, backbone, loader, team });
      if (!source) return { state: 'stopped' };
      sources.push(source);
    }
    const [train, val] = sources as [FeatureSource, FeatureSource];
    const probe = createLinearProbe({
      engine,
      featureDim: backbone.featureDim,
      classes: train.classes.length,
      optimizer: recipe.optimizer,
      initStd: recipe.init.std,
      seed: seedOf(context),
      collectives: team.collectives,
    });
    const outcome = await trainProbe({ context, team, backbone, train, val, probe, started });
    return outcome.state === 'done' ? { ...outcome, engine: describeTeam(engine, team) } : outcome;
  } finally {
    for (const source of sources) await source.close();
    await team.close();
  }
};

/** An evaluation draws its own numbers, not those of the training before it. */
function seedOf({ stage }: StageContext<'lincls'>): number {
  return deriveSeed(stage.seed, stage.evaluation ?? stage.kind);
}

function trainLoader(context: StageContext<'lincls'>): LoaderOptions {
  const { recipe } = context.config;
  return {
    data: recipe.data,
    split: 'train',
    ops: recipe.augment,
    views: 1,
    batchSize: recipe.batchSize,
    shuffle: true,
    dropLast: false,
    ...(context.rank ? { share: context.rank.rendezvous } : {}),
    seed: seedOf(context),
    threads: chooseThreads(recipe.loader, context.cores),
    prefetch: recipe.loader.prefetch,
    badImages: recipe.loader,
  };
}

function valLoader(context: StageContext<'lincls'>): LoaderOptions {
  const { evalTransform } = context.config.recipe;
  // An accuracy over other images than these would be another number.
  return { ...trainLoader(context), split: 'val', ops: evalTransform, shuffle: false, badImages: REFUSE_BAD };
}
