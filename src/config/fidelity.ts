// How a resolved recipe differs from the one that was published: what a number must never be shown without.

import path from 'node:path';
import type { Json } from '../core/hash.ts';
import type { Problem } from '../core/problem.ts';
import { type Departure, findDepartures } from './find-departures.ts';
import { type Located, whereOf } from './located.ts';
import {
  chooseRecipe,
  findNearestRecipe,
  type PublishedRecipe,
  readPublishedRecipe,
} from './published-recipe.ts';
import type { KnnRecipe, LinclsRecipe, PretrainRecipe } from './schema/recipe.generated.ts';
import { findPaperNote, locate } from './validate.ts';

/** A method or an evaluation beside the recipe that it is a copy of. */
export interface Fidelity {
  readonly group: 'methods' | 'evaluations';
  /** The method's or evaluation's name. */
  readonly name: string;
  /** The published recipe: `mocov2`, `cifar10/lincls`, or a file. */
  readonly recipe: string;
  readonly departures: readonly Departure[];
}

/** What is compared, with its tree. */
export interface Compared {
  readonly group: Fidelity['group'];
  readonly name: string;
  readonly recipe: PretrainRecipe | LinclsRecipe | KnnRecipe;
  readonly node: Located;
  /** The recipe that the file names; absent: chosen by network, head and data. */
  readonly reproduces?: Located | undefined;
}

/** Compares a recipe. Undefined where it was trained by no published recipe: untrained, or a checkpoint of unknown origin. */
export function describeFidelity(compared: Compared, problems: Problem[]): Fidelity | undefined {
  const { group, name, recipe, node, reproduces } = compared;
  const named = reproduces?.kind === 'scalar' ? String(reproduces.value) : chooseRecipe(recipe);
  if (named === undefined) return undefined;
  const folder = path.dirname((reproduces && whereOf(reproduces.origin)?.file.path) ?? '.');
  const published = readPublishedRecipe(named, folder);
  if (!published || published.value.kind !== recipe.kind) {
    problems.push(reportUnknown(compared, named));
    return undefined;
  }
  const departures = findDepartures(narrow(published.value, recipe), {
    value: recipe as unknown as Json,
    node,
  });
  return {
    group,
    name,
    recipe: published.name,
    departures: departures
      .filter(({ path: at }) => !isSameNorm(at, published, recipe))
      .map((each) => addNote(each, { kind: recipe.kind, published })),
  };
}

/** An evaluation's network is its method's; a checkpoint's training is not ours to know. */
function narrow(value: PublishedRecipe['value'], recipe: Compared['recipe']): Json {
  const { model: _model, pretrained: _pretrained, ...rest } = value;
  if (recipe.kind !== 'pretrain') return rest;
  return value;
}

/** Where the statistics of BatchNorm, and so ShuffleBN, work on as many parts of a batch; a frozen network has none. */
const NORM_PATHS = ['devices', 'model.bn'];

/** Said of 8 GPUs. The batch is the same: 256. */
const EIGHT_GPUS_NOTE =
  'The published runs had 8 GPUs, each with BatchNorm statistics over its own 32 images (MoCo v1 §3.3).';

/** True for a setting of NORM_PATHS that leaves the statistics as published: 8 devices, or `split 8` on one. */
function isSameNorm(at: string, { value }: PublishedRecipe, recipe: Compared['recipe']): boolean {
  if (!NORM_PATHS.includes(at)) return false;
  if (recipe.kind !== 'pretrain') return true;
  return countNormParts(value as unknown as PretrainRecipe) === countNormParts(recipe);
}

function countNormParts({ devices, model: { bn } }: PretrainRecipe): number {
  return devices * (bn === 'plain' ? 1 : Number(bn.slice('split '.length)));
}

function addNote(
  departure: Departure,
  { kind, published }: { readonly kind: Compared['recipe']['kind']; readonly published: PublishedRecipe },
): Departure {
  const { path: at } = departure;
  if (NORM_PATHS.includes(at) && published.value.devices === 8)
    return { ...departure, note: EIGHT_GPUS_NOTE };
  // The schema's notes speak of pre-training.
  const note = kind === 'pretrain' ? findPaperNote(kind, at.split('.')) : undefined;
  return note === undefined ? departure : { ...departure, note };
}

function reportUnknown({ group, name, recipe, node, reproduces }: Compared, named: string): Problem {
  const nearest = findNearestRecipe(named);
  const where = reproduces && whereOf(reproduces.origin);
  return {
    code: 'CONFIG_UNKNOWN_RECIPE',
    message: `Expected the name or the file of a ${recipe.kind} recipe for ${group}.${name}.reproduces but received ${JSON.stringify(named)}.`,
    hint: nearest
      ? `Did you mean ${nearest}?`
      : 'Name one of configs/, such as mocov2 or cifar10/lincls, or a file relative to this one.',
    ...(where ? { where } : locate(node, [])),
  };
}
