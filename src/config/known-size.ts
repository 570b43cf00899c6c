// How many training images a recipe has, where the config alone says so.

import type { DataConfig } from './schema/recipe.generated.ts';

/** Null where it takes a look at the disk. */
export function findKnownTrainSize({ dataset, limit, synthetic }: DataConfig): number | null {
  if (limit?.train !== undefined) return limit.train;
  if (dataset === 'cifar10') return 50_000;
  return dataset === 'synthetic' && synthetic ? synthetic.train : null;
}
