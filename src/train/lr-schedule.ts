// Learning rate of an epoch, as adjust_learning_rate in facebookresearch/moco's main_moco.py.

import type { ScheduleConfig } from '../config/schema/recipe.generated.ts';

/** The rate of a 0-based epoch; it does not change within one. */
export function computeLr(
  baseLr: number,
  {
    epoch,
    epochs,
    schedule,
  }: { readonly epoch: number; readonly epochs: number; readonly schedule: ScheduleConfig },
): number {
  switch (schedule.policy) {
    case 'constant':
      return baseLr;
    case 'cosine':
      return baseLr * 0.5 * (1 + Math.cos((Math.PI * epoch) / epochs));
    case 'step':
      return schedule.milestones.reduce(
        (lr, milestone) => (epoch >= milestone ? lr * schedule.gamma : lr),
        baseLr,
      );
  }
}
