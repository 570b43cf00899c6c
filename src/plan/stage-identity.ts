// What a stage's result depends on, and nothing else. Names, labels, loader threads and how often
// a checkpoint is written are left out: to change them must not repeat weeks of training.
// What comes in through a stage's inputs is not repeated here; their fingerprints carry it.

import type { ResolvedExperiment } from '../config/resolved.ts';
import type { DetectionRecipe, PretrainRecipe } from '../config/schema/recipe.generated.ts';
import { hashJson, type Json } from '../core/hash.ts';
import type { ExtractSource, Stage, StageKind } from './stage-graph.ts';

export type StageIdentity = Stage['identity'];

/** Raise a kind's number when its code gives other results: every earlier one is then run again. */
const stageVersions: { readonly [Kind in StageKind]: number } = {
  pretrain: 1,
  extract: 1,
  'sanity-check': 1,
  lincls: 1,
  knn: 1,
  detection: 1,
  report: 2,
};

const WITHOUT_EFFECT = new Set(['name', 'loader', 'checkpointing', 'monitor']);

/** What every result was computed with before there was a choice: left out, so that those stay up to date. */
const EARLIER: { readonly [key: string]: Json } = { precision: 'fp32', devices: 1 };

/** Identity of a stage that follows a recipe (pretrain, lincls, knn). */
export function identifyRecipeStage(trial: number, recipe: { readonly kind: string }): StageIdentity {
  const settings = Object.entries(recipe).filter(
    ([key, value]) => !WITHOUT_EFFECT.has(key) && value !== undefined && value !== EARLIER[key],
  );
  return { ...Object.fromEntries(settings), trial };
}

/** Identity of a transfer to detection: what Detectron2 is told, not where it lies or on how many GPUs. */
export function identifyDetection(trial: number, { configFile, options }: DetectionRecipe): StageIdentity {
  return { kind: 'detection', configFile, options, trial };
}

/** Identity of a pre-training. The checkpoint that it goes on from is known by its content. */
export function identifyPretrain(
  trial: number,
  { resume, ...recipe }: PretrainRecipe,
  sha256: string | undefined,
): StageIdentity {
  const identity = identifyRecipeStage(trial, recipe);
  return resume === undefined ? identity : { ...identity, resume: sha256 ?? resume };
}

/** Identity of extract and sanity-check. Where nothing was pre-trained, the recipe's network is the input. */
export function identifyExtract(
  kind: 'extract' | 'sanity-check',
  trial: number,
  { recipe, from }: { readonly recipe: PretrainRecipe; readonly from: ExtractSource },
): StageIdentity {
  const identity = { kind, trial, from: identifySource(from) };
  if (from.kind === 'pretrain') return identity as StageIdentity;
  const { dim, mlp } = recipe.moco;
  return { ...identity, model: recipe.model, moco: { dim, mlp } } as unknown as StageIdentity;
}

/** A file is known by its content; by its place only where nobody could read it. */
function identifySource(from: ExtractSource): Json {
  if (from.kind !== 'file') return { kind: from.kind };
  return from.sha256 === undefined
    ? { kind: 'file', path: from.path }
    : { kind: 'file', sha256: from.sha256 };
}

/** Identity of the report: all that it prints and that is not a stage's result. */
export function identifyReport(experiment: ResolvedExperiment): StageIdentity {
  const { name, claim = null, source = null, trials, report } = experiment;
  const methods = experiment.methods.map(({ name, label, published }) => ({ name, label, published }));
  const evaluations = experiment.evaluations.map(({ name, label }) => ({ name, label }));
  const identity = {
    kind: 'report',
    name,
    claim,
    source,
    trials,
    ...report,
    fidelity: (experiment.fidelity ?? []).map(({ group, name, recipe, departures }) => ({
      ...{ group, name, recipe },
      departures: departures.map(({ path, theirs, ours }) => ({ path, theirs, ours })),
    })),
    methods,
    evaluations,
  };
  return identity as unknown as StageIdentity;
}

/** SHA-256 hex over kind, version, identity, seed and the fingerprints of the needs. */
export function fingerprintStage(
  stage: Pick<Stage, 'kind' | 'identity' | 'seed'>,
  needs: readonly Stage[],
): string {
  const { kind, identity, seed } = stage;
  const inputs: Json = needs.map((need) => need.fingerprint);
  return hashJson({ kind, version: stageVersions[kind], identity, seed, inputs });
}
