// Where a stage finds what it reads, and what of its machine it may use.

import type { LoaderConfig } from '../config/schema/recipe.generated.ts';
import type { StageContext } from './stage-context.ts';

/** A stage and where its inputs are. */
export type StagePlace = Pick<StageContext, 'stage' | 'inputFolders'>;

/** The folder of the stage of this kind that `context`'s stage needs. Its absence is a bug of the plan. */
export function findInputFolder({ inputFolders, stage }: StagePlace, kind: 'pretrain' | 'extract'): string {
  const id = stage.needs.find((need) => need.endsWith(`/${kind}`));
  const folder = id === undefined ? undefined : inputFolders[id];
  if (folder === undefined) throw new Error(`${stage.id} needs no ${kind} stage.`);
  return folder;
}

/** Loader threads: what the recipe says, or every core but the one that computes. At least 1. */
export function chooseThreads({ threads }: LoaderConfig, cores: number): number {
  return threads > 0 ? threads : Math.max(1, cores - 1);
}
