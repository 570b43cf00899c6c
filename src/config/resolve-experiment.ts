// An experiment: its entries are overridden, expanded and finished one by one, what stands around them is
// validated by itself.

import type { Json } from '../core/hash.ts';
import type { Problem } from '../core/problem.ts';
import { checkExperiment } from './check-experiment.ts';
import { finishRecipe } from './finish-recipe.ts';
import { type Loading, type Resolving, withDevices } from './loading.ts';
import { childOf, type LocatedMap, omitKeys, textOf, toJson } from './located.ts';
import { expandMatrix } from './matrix.ts';
import { nameOf } from './name-of.ts';
import { type Entry, type ExperimentParts, overrideExperiment } from './overrides.ts';
import { resolveEntries } from './resolve-entries.ts';
import type { EvaluationRecipe, ResolvedEvaluation, ResolvedExperiment, ResolvedMethod } from './resolved.ts';
import { pickRunSettings } from './run-settings.ts';
import type { PretrainRecipe } from './schema/recipe.generated.ts';
import { validateDocument } from './validate.ts';

/** Resolves `kind: experiment`; its problems go to the loading's list. */
export function resolveExperiment(
  document: LocatedMap,
  { loading, context, overrides }: Resolving,
): ResolvedExperiment | undefined {
  const { options, problems } = loading;
  const entries = resolveEntries(document, options.file, context);
  const parts = overrides.reduce<ExperimentParts>(
    (current, override) => overrideExperiment(current, override, problems),
    {
      document,
      entries,
    },
  );
  const outer = parts.document;
  const value = toJson(outer) as { [key: string]: Json };
  problems.push(...validateDocument('experiment', value, { node: outer, prefix: '' }));
  loading.explained.push({ path: '', value: toOuterJson(value), node: outer });
  const methods: ResolvedMethod[] = [];
  const evaluations: ResolvedEvaluation[] = [];
  const within = withDevices(loading, value.launch);
  for (const entry of parts.entries) {
    if (entry.group === 'methods') methods.push(...resolveMethod(entry, within));
    else evaluations.push(...resolveEvaluation(entry, within));
  }
  const experiment = {
    ...pickText(value),
    name: nameOf(value.name, options.file),
    file: options.file,
    seed: (value.seed ?? 0) as number,
    trials: (value.trials ?? 1) as number,
    methods,
    evaluations,
    ...pickRunSettings(value),
  };
  problems.push(...checkExperiment(experiment, outer));
  return experiment;
}

function toOuterJson({
  methods: _methods,
  evaluations: _evaluations,
  ...rest
}: {
  [key: string]: Json;
}): Json {
  return rest;
}

function pickText(value: { [key: string]: Json }): { claim?: string; source?: string } {
  return {
    ...(typeof value.claim === 'string' ? { claim: value.claim } : {}),
    ...(typeof value.source === 'string' ? { source: value.source } : {}),
  };
}

function resolveMethod(entry: Entry, loading: Loading): ResolvedMethod[] {
  return expandEntry(entry, loading.problems).map(({ name, label, recipe }) => {
    const published = childOf(recipe, 'published');
    const own = omitKeys(recipe, ['label', 'published', 'reproduces']);
    return {
      name,
      label,
      ...finishRecipe<PretrainRecipe>([...entry.written, entry.map, own], {
        kind: 'pretrain',
        path: `methods.${name}`,
        name,
        loading,
        reproduces: childOf(recipe, 'reproduces'),
      }),
      published: (published ? toJson(published) : {}) as unknown as ResolvedMethod['published'],
    };
  });
}

function resolveEvaluation(entry: Entry, loading: Loading): ResolvedEvaluation[] {
  return expandEntry(entry, loading.problems).map(({ name, label, recipe }) => {
    // What only a recipe that is run alone needs.
    const own = omitKeys(recipe, ['label', 'reproduces', 'pretrained', 'model', ...foreignKeys(entry.kind)]);
    const finished = finishRecipe<EvaluationRecipe>([...entry.written, entry.map, own], {
      kind: entry.kind,
      path: `evaluations.${name}`,
      name,
      loading,
      reproduces: childOf(recipe, 'reproduces'),
    });
    return { name, label, ...finished };
  });
}

/** What an experiment shares out and Detectron2 doesn't ask for: it trains on its own engine and data. */
function foreignKeys(kind: Entry['kind']): readonly string[] {
  return kind === 'detection' ? ['engine', 'data', 'precision', 'devices'] : [];
}

/** The cells of an entry with their names; a cell may bring its own label and published values. */
function expandEntry(
  entry: Entry,
  problems: Problem[],
): { name: string; label: string; recipe: LocatedMap }[] {
  const common = textOf(childOf(entry.map, 'label'));
  return expandMatrix(entry.map, problems).map(({ suffix, recipe }) => {
    const name = suffix ? `${entry.name}-${suffix}` : entry.name;
    const label = textOf(childOf(recipe, 'label'));
    return {
      name,
      recipe,
      label: label === undefined ? name : suffix && label === common ? `${label}, ${suffix}` : label,
    };
  });
}
