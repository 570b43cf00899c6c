// What a pre-training is made of, and its learning rate.

import type { PretrainRecipe } from '../config/schema/recipe.generated.ts';
import type { Loader } from '../data/batch.ts';
import type { Engine } from '../engine/engine.ts';
import type { Moco } from '../moco/moco.ts';
import type { MetricsLog } from '../runs/metrics-log.ts';
import { computeLr } from '../train/lr-schedule.ts';
import type { BadImages } from './bad-images.ts';
import type { RankTeam } from './rank-team.ts';
import type { StageContext } from './stage-context.ts';

export interface MocoTraining {
  readonly context: StageContext<'pretrain'>;
  readonly recipe: PretrainRecipe;
  readonly engine: Engine;
  readonly loader: Loader;
  readonly moco: Moco;
  readonly log: MetricsLog;
  readonly team: RankTeam;
  readonly badImages: BadImages;
}

/** Of an epoch, 0-based. */
export function computeRate({ optimizer, epochs, schedule }: PretrainRecipe, epoch: number): number {
  return computeLr(optimizer.lr, { epoch, epochs, schedule });
}
