// One recipe as it will run: rated, validated with its defaults filled in, checked, and compared with the
// published one.

import type { Json } from '../core/hash.ts';
import { checkRecipe } from './check-recipe.ts';
import { describeFidelity } from './fidelity.ts';
import { findKnownTrainSize } from './known-size.ts';
import { type RatedRecipe, rateRecipe } from './learning-rate.ts';
import type { Loading } from './loading.ts';
import { type Located, type LocatedMap, toJson } from './located.ts';
import type { EvaluationRecipe } from './resolved.ts';
import type { PretrainRecipe } from './schema/recipe.generated.ts';
import { type DocumentKind, validateDocument } from './validate.ts';

interface Finishing {
  readonly kind: DocumentKind;
  readonly path: string;
  readonly name: string;
  readonly loading: Loading;
  readonly reproduces?: Located | undefined;
}

/** Validates a recipe, fills in the defaults and checks it. `layers`: as it grew, see `rateRecipe`. */
export function finishRecipe<Recipe extends PretrainRecipe | EvaluationRecipe>(
  layers: readonly LocatedMap[],
  { kind, path: at, name, loading, reproduces }: Finishing,
): { readonly recipe: Recipe; readonly lrRule?: string } {
  const prefix = at === '' ? '' : `${at}.`;
  const { recipe: node, lrRule, warnings } = rateTraining(layers, kind, prefix);
  const value = toJson(node) as { [key: string]: Json };
  if ((kind === 'pretrain' || kind === 'lincls') && loading.devicesPerTrial !== undefined)
    value.devices = loading.devicesPerTrial;
  const problems = validateDocument(kind, value, { node, prefix });
  loading.problems.push(...problems);
  value.kind = kind;
  value.name = at === '' ? ((value.name as string | undefined) ?? name) : name;
  delete value.description;
  const recipe = value as unknown as Recipe;
  const finished = { recipe, ...(lrRule === undefined ? {} : { lrRule }) };
  loading.explained.push({ path: at, value, node });
  if (problems.length > 0) return finished;
  // Detectron2 knows its own data and settings.
  if (recipe.kind === 'detection') return finished;
  const found = checkRecipe(recipe, { node, prefix, trainSize: findKnownTrainSize(recipe.data) });
  loading.problems.push(...found.problems);
  loading.warnings.push(...warnings, ...found.warnings);
  const group = kind === 'pretrain' ? 'methods' : 'evaluations';
  const fidelity = describeFidelity({ group, name, recipe, node, reproduces }, loading.problems);
  if (fidelity) loading.fidelity.push(fidelity);
  return finished;
}

/** kNN has no learning rate. */
function rateTraining(layers: readonly LocatedMap[], kind: DocumentKind, prefix: string): RatedRecipe {
  return kind === 'pretrain' || kind === 'lincls'
    ? rateRecipe(layers, { kind, prefix })
    : { recipe: layers.at(-1)!, warnings: [] };
}
