// One method in one trial, as a chain of stages: pretrain -> extract -> sanity-check -> evaluations.
// Untrained and ready-made encoders start at extract.

import type { ResolvedEvaluation, ResolvedMethod } from '../config/resolved.ts';
import { type Problem, ProblemError } from '../core/problem.ts';
import {
  costBookkeeping,
  costDetection,
  costExtract,
  costKnn,
  costLincls,
  costPretrain,
} from './stage-cost.ts';
import type { DataSizes, ExtractSource, Stage } from './stage-graph.ts';
import {
  fingerprintStage,
  identifyDetection,
  identifyExtract,
  identifyPretrain,
  identifyRecipeStage,
} from './stage-identity.ts';

/** What the stages of a chain have in common. */
export interface Chain {
  readonly method: ResolvedMethod;
  /** 1-based. */
  readonly trial: number;
  /** The trial's seed; the same for every method, so that trials are paired. */
  readonly seed: number;
  readonly sizes: DataSizes;
}

/** Compiles a chain's stages, every stage after the ones it needs. */
export function compileChain(chain: Chain, evaluations: readonly ResolvedEvaluation[]): Stage[] {
  const from = findSource(chain.method);
  const pretrain = from.kind === 'pretrain' ? [createPretrain(chain)] : [];
  const extract = createExtract(chain, from, pretrain);
  const check = createSanityCheck(chain, from, [...pretrain, extract]);
  const judged = evaluations.map((evaluation) => createEvaluation(chain, evaluation, [extract, check]));
  return [...pretrain, extract, check, ...judged];
}

/** Adds the fingerprint to a stage, and the ids of the stages that it needs. */
export function createStage(draft: Omit<Stage, 'needs' | 'fingerprint'>, needs: readonly Stage[]): Stage {
  return { ...draft, needs: needs.map((need) => need.id), fingerprint: fingerprintStage(draft, needs) };
}

function findSource({ name, recipe, checkpointSha256: sha256 }: ResolvedMethod): ExtractSource {
  if (recipe.method === 'moco') return { kind: 'pretrain' };
  if (recipe.method === 'untrained') return { kind: 'initialisation' };
  if (recipe.checkpoint === undefined) throw new ProblemError(reportNoCheckpoint(name));
  return { kind: 'file', path: recipe.checkpoint, ...(sha256 === undefined ? {} : { sha256 }) };
}

function reportNoCheckpoint(name: string): Problem {
  return {
    code: 'PLAN_CHECKPOINT_MISSING',
    message: `Expected method ${name} to name its checkpoint, being pretrained, but it names none.`,
    hint: 'Give it as `checkpoint:` in the method, or use `method: untrained` for the initialisation.',
  };
}

function createPretrain(chain: Chain): Stage {
  const { recipe, lrRule, checkpointSha256 } = chain.method;
  return createStage(
    {
      ...placeStage(chain, 'pretrain'),
      kind: 'pretrain',
      config: { kind: 'pretrain', recipe, ...(lrRule === undefined ? {} : { lrRule }) },
      identity: identifyPretrain(chain.trial, recipe, checkpointSha256),
      cost: costPretrain(recipe, chain.sizes),
    },
    [],
  );
}

function createExtract(chain: Chain, from: ExtractSource, needs: readonly Stage[]): Stage {
  const { recipe } = chain.method;
  return createStage(
    {
      ...placeStage(chain, 'extract'),
      kind: 'extract',
      config: { kind: 'extract', recipe, from },
      identity: identifyExtract('extract', chain.trial, { recipe, from }),
      cost: costExtract(recipe),
    },
    needs,
  );
}

function createSanityCheck(chain: Chain, from: ExtractSource, needs: readonly Stage[]): Stage {
  const { recipe } = chain.method;
  return createStage(
    {
      ...placeStage(chain, 'sanity-check'),
      kind: 'sanity-check',
      config: { kind: 'sanity-check', recipe, from },
      identity: identifyExtract('sanity-check', chain.trial, { recipe, from }),
      cost: costBookkeeping(),
    },
    needs,
  );
}

function createEvaluation(chain: Chain, evaluation: ResolvedEvaluation, needs: readonly Stage[]): Stage {
  const { recipe } = evaluation;
  return createStage(
    {
      ...placeStage(chain, evaluation.name),
      kind: recipe.kind,
      evaluation: evaluation.name,
      ...planEvaluation(chain, evaluation),
    },
    needs,
  );
}

/** What an evaluation is told, what its result depends on, and what it takes. */
function planEvaluation(
  { method, trial, sizes }: Chain,
  { recipe, lrRule }: ResolvedEvaluation,
): Pick<Stage, 'config' | 'identity' | 'cost'> {
  const trainedWith = method.recipe;
  const { model } = trainedWith;
  switch (recipe.kind) {
    case 'lincls':
      return {
        config: { kind: 'lincls', recipe, model, trainedWith, ...(lrRule === undefined ? {} : { lrRule }) },
        identity: identifyRecipeStage(trial, recipe),
        cost: costLincls(recipe, model, sizes),
      };
    case 'knn':
      return {
        config: { kind: 'knn', recipe, model, trainedWith },
        identity: identifyRecipeStage(trial, recipe),
        cost: costKnn(recipe, sizes),
      };
    case 'detection':
      return {
        config: { kind: 'detection', recipe, model },
        identity: identifyDetection(trial, recipe),
        cost: costDetection(recipe, model),
      };
  }
}

function placeStage({ method, trial, seed }: Chain, folder: string) {
  return { id: `${method.name}/trial-${trial}/${folder}`, method: method.name, trial, seed };
}
