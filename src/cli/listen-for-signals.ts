// What a run does on signals. Ctrl-C once asks for a stop, twice kills. SIGTERM and SIGUSR1 are what batch
// systems send before they take a machine away: running stages write a checkpoint and stop, and those that
// have not after a grace time are killed.

import { ExitCode } from '../core/exit-code.ts';

const PREEMPTING = ['SIGTERM', 'SIGUSR1'] as const;

export interface Signals {
  /** Aborted with the name of the signal as its reason. */
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  /** For a run that was stopped by them; undefined where none came. */
  exitCode(): ExitCode | undefined;
  close(): void;
}

/** @param graceMs from SIGTERM or SIGUSR1 until what still runs is killed */
export function listenForSignals(graceMs: number): Signals {
  const stop = new AbortController();
  const kill = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onInterrupt = () => (stop.signal.aborted ? kill.abort() : stop.abort('SIGINT'));
  // A batch system may send it to every process of a job, and more than once: only the first counts.
  const onPreempted = (name: NodeJS.Signals) => {
    stop.abort(name);
    timer ??= setTimeout(() => kill.abort(), graceMs);
  };
  process.on('SIGINT', onInterrupt);
  for (const name of PREEMPTING) process.on(name, onPreempted);
  return {
    stop: stop.signal,
    kill: kill.signal,
    exitCode: () => {
      if (!stop.signal.aborted) return undefined;
      return stop.signal.reason === 'SIGINT' ? ExitCode.interrupted : ExitCode.preempted;
    },
    close: () => {
      clearTimeout(timer);
      process.off('SIGINT', onInterrupt);
      for (const name of PREEMPTING) process.off(name, onPreempted);
    },
  };
}
