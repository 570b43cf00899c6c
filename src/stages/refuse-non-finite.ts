// A loss that is not a number ends a stage at once: what follows would be worth nothing.

import { ProblemError } from '../core/problem.ts';

/** Throws STAGE_LOSS_NOT_FINITE. `step` counts from 1, `epoch` from 0. */
export function refuseNonFiniteLoss(
  loss: number,
  { step, epoch, hint }: { readonly step: number; readonly epoch: number; readonly hint: string },
): void {
  if (Number.isFinite(loss)) return;
  throw new ProblemError({
    code: 'STAGE_LOSS_NOT_FINITE',
    message: `Expected a finite loss but it is ${loss} at step ${step} (epoch ${epoch + 1}).`,
    hint,
  });
}
