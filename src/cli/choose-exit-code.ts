// What a run tells the shell.

import { ExitCode } from '../core/exit-code.ts';
import type { SchedulerSummary } from '../launch/scheduler.ts';

/** @param stopped what the signal says by which it was stopped */
export function chooseExitCode(
  { failed, interrupted, skipped }: SchedulerSummary,
  stopped: ExitCode | undefined,
): ExitCode {
  // A signal that came when all was done changes nothing.
  if (stopped !== undefined && interrupted + skipped > 0) return stopped;
  if (failed > 0) return ExitCode.stageFailed;
  return interrupted > 0 ? ExitCode.preempted : ExitCode.done;
}
