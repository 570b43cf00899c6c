// From a file to a resolved experiment, or to all problems of it at once: read, extend, override,
// expand, validate, check.

import type { Problem } from '../core/problem.ts';
import { dropRepeated } from './drop-repeated.ts';
import { type LoadContext, readExtended } from './extends.ts';
import { listOverrides } from './list-overrides.ts';
import type { ExplainedPart } from './list-settings.ts';
import type { Loading, LoadOptions, Resolving } from './loading.ts';
import { childOf, type LocatedMap, toJson } from './located.ts';
import { resolveExperiment } from './resolve-experiment.ts';
import { resolveRecipe } from './resolve-recipe.ts';
import type { ResolvedExperiment } from './resolved.ts';
import { locate } from './validate.ts';

/** A loaded config. `experiment` is absent where there are problems. */
export interface LoadedConfig {
  readonly experiment?: ResolvedExperiment;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Resolved values with their trees, for `moco config`. */
  readonly explained: readonly ExplainedPart[];
  /** The flags that shaped it. */
  readonly overrides: readonly string[];
}

/** Loads a file. Never throws for what the file says. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const loading: Loading = { options, problems: [], warnings: [], explained: [], fidelity: [] };
  const { problems, warnings, explained } = loading;
  const context: LoadContext = { env: options.env, problems, files: new Map() };
  const overrides = listOverrides(options, problems);
  const document = readExtended(options.file, context);
  const experiment = document && resolveDocument(document, { loading, context, overrides });
  const texts = overrides.map(({ text }) => text);
  if (problems.length > 0 || !experiment)
    return { problems: dropRepeated(problems), warnings, explained, overrides: texts };
  return {
    experiment: { ...experiment, fidelity: loading.fidelity },
    problems,
    warnings: dropRepeated(warnings),
    explained,
    overrides: texts,
  };
}

function resolveDocument(document: LocatedMap, resolving: Resolving): ResolvedExperiment | undefined {
  const kind = childOf(document, 'kind');
  const name = kind?.kind === 'scalar' ? String(kind.value) : '';
  if (name === 'experiment') return resolveExperiment(document, resolving);
  if (name === 'pretrain' || name === 'lincls' || name === 'knn' || name === 'detection')
    return resolveRecipe(document, name, resolving);
  resolving.loading.problems.push({
    code: 'CONFIG_UNKNOWN_KIND',
    message: `Expected kind to be one of experiment, pretrain, lincls, knn, detection but ${kind ? `received ${JSON.stringify(toJson(kind))}` : 'it is not there'}.`,
    hint: 'A file opens with its kind, for example: kind: experiment',
    ...locate(document, ['kind']),
  });
  return undefined;
}
