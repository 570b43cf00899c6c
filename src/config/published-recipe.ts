// The published recipes that ours are compared with: the shipped files in configs/.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Json } from '../core/hash.ts';
import { findNearest } from '../core/nearest.ts';
import { readExtended } from './extends.ts';
import { toJson } from './located.ts';
import type { KnnRecipe, LinclsRecipe, PretrainRecipe } from './schema/recipe.generated.ts';
import { validateDocument } from './validate.ts';

/** A recipe as it was published, every default filled in. */
export interface PublishedRecipe {
  /** `mocov2`, `cifar10/lincls`; a file's path where it is none of ours. */
  readonly name: string;
  readonly value: { readonly [key: string]: Json };
}

type Recipe = PretrainRecipe | LinclsRecipe | KnnRecipe;

const SHIPPED = fileURLToPath(new URL('../../configs/', import.meta.url));

/** Names the shipped recipe that one is nearest to by network, head and data; undefined where nothing was trained. */
export function chooseRecipe(recipe: Recipe): string | undefined {
  if (recipe.kind !== 'pretrain')
    return recipe.data.dataset === 'cifar10' ? `cifar10/${recipe.kind}` : recipe.kind;
  if (recipe.method !== 'moco') return undefined;
  if (recipe.model.stem === 'cifar')
    return recipe.moco.symmetric ? 'cifar10/moco-symmetric' : 'cifar10/moco-asymmetric';
  return recipe.moco.mlp ? 'mocov2' : 'mocov1';
}

/** Lists the names of the shipped recipes. */
export function listShippedRecipes(): string[] {
  const files = readdirSync(SHIPPED, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.yaml$/, ''))
    .sort();
}

/** Names the nearest shipped recipe, for a hint. */
export function findNearestRecipe(name: string): string | undefined {
  return findNearest(name, listShippedRecipes());
}

const read = new Map<string, PublishedRecipe | undefined>();

/**
 * Reads a published recipe; undefined where there is no such recipe, or where it has problems.
 *
 * @param folder that a file's path counts from
 */
export function readPublishedRecipe(name: string, folder: string): PublishedRecipe | undefined {
  const isFile = /\.ya?ml$/.test(name);
  const file = isFile ? path.resolve(folder, name) : path.join(SHIPPED, `${name}.yaml`);
  if (!read.has(file)) read.set(file, readRecipe(name, file));
  return read.get(file);
}

function readRecipe(name: string, file: string): PublishedRecipe | undefined {
  if (!existsSync(file)) return undefined;
  const context = { env: {}, problems: [], files: new Map() };
  const node = readExtended(file, context);
  if (!node || context.problems.length > 0) return undefined;
  const value = toJson(node) as { [key: string]: Json };
  const { kind } = value;
  if (kind !== 'pretrain' && kind !== 'lincls' && kind !== 'knn') return undefined;
  if (validateDocument(kind, value, { node, prefix: '' }).length > 0) return undefined;
  return { name, value };
}
