// How many images a data set holds, as far as a plan can know it: from the recipe itself
// (CIFAR-10, synthetic) or from a survey of the disk that the caller made beforehand.

import type { ResolvedExperiment } from '../config/resolved.ts';
import type { DataConfig } from '../config/schema/recipe.generated.ts';
import { type Json, renderCanonicalJson } from '../core/hash.ts';
import type { DataSizes } from './stage-graph.ts';

/** Images in each split, after `limit`. */
export type DataSize = DataSizes[string];

const CIFAR10: DataSize = { train: 50_000, val: 10_000, classes: 10 };

/** Names a data set by all that its size depends on; equal keys, equal sizes. */
export function dataKey({ dataset, root, limit, synthetic }: DataConfig): string {
  return renderCanonicalJson({ dataset, root, limit, synthetic } as unknown as Json);
}

/** Looks up a data set's size; null where it takes a survey that has not been made. */
export function findDataSize(data: DataConfig, sizes: DataSizes): DataSize | null {
  const whole = sizes[dataKey(data)] ?? readSizeFromRecipe(data);
  if (!whole || !data.limit) return whole;
  const { train = whole.train, val = whole.val } = data.limit;
  return { ...whole, train: Math.min(whole.train, train), val: Math.min(whole.val, val) };
}

/** Lists the data sets whose size only a survey can tell, each once. */
export function listUnsizedData(experiment: ResolvedExperiment): DataConfig[] {
  const recipes = [
    ...experiment.methods.map((method) => method.recipe).filter((recipe) => recipe.method === 'moco'),
    ...experiment.evaluations.map(({ recipe }) => recipe).filter((recipe) => recipe.kind !== 'detection'),
  ];
  const unsized = recipes.map((recipe) => recipe.data).filter((data) => !readSizeFromRecipe(data));
  return [...new Map(unsized.map((data) => [dataKey(data), data])).values()];
}

function readSizeFromRecipe({ dataset, synthetic }: DataConfig): DataSize | null {
  if (dataset === 'cifar10') return CIFAR10;
  if (dataset === 'synthetic' && synthetic) {
    return { train: synthetic.train, val: synthetic.val, classes: synthetic.classes };
  }
  return null;
}
