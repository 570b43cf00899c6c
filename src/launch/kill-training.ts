// Runs one training for a few steps, and kills its workers with SIGKILL on the way where it is told to.
// Whatever ends a worker here is started again, as a user would.

import { readdirSync } from 'node:fs';
import type { Stage } from '../plan/stage-graph.ts';
import type { StageProgress } from './protocol.ts';
import { runExperiment } from './run-experiment.ts';
import type { RunOptions } from './run-options.ts';

/** A run of a graph whose last stage is the training. */
export interface StageRun
  extends Pick<RunOptions, 'graph' | 'store' | 'devices' | 'worker' | 'stop' | 'kill'> {
  readonly stage: Stage;
}

export interface KillOptions {
  /** Images after which a worker is killed, ascending: one kill each. */
  readonly killAt: readonly number[];
  /** A kill comes up to so long after that. */
  readonly jitterMs: number;
  readonly uniform: () => number;
  readonly onProgress: (progress: StageProgress) => void;
  readonly onKill: (progress: StageProgress) => void;
}

export interface KilledTraining {
  readonly kills: number;
  /** Why it did not get to its end, where nobody had killed it. */
  readonly failure?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** Runs until the stage has made its steps. */
export async function runKilled(run: StageRun, options: KillOptions): Promise<KilledTraining> {
  const pending = [...options.killAt];
  let kills = 0;
  for (;;) {
    const attempt = { kills: 0, failure: undefined as KilledTraining['failure'] };
    const kill = (progress: StageProgress) => {
      const sent = killWorkers(run);
      attempt.kills += sent;
      if (sent === 0) return;
      kills++;
      options.onKill(progress);
    };
    const timers = new Set<NodeJS.Timeout>();
    const onProgress = (progress: StageProgress) => {
      options.onProgress(progress);
      if (progress.phase !== 'train' || pending.length === 0 || progress.done < pending[0]!) return;
      // Steps that were done between two messages count as one place.
      while (pending.length > 0 && progress.done >= pending[0]!) pending.shift();
      timers.add(setTimeout(() => kill(progress), options.jitterMs * options.uniform()));
    };
    const summary = await runExperiment({
      ...run,
      overrides: [],
      command: 'moco verify-resume',
      emit: (event) => {
        if (event.type === 'stage-progress' && event.id === run.stage.id)
          onProgress(event.progress as StageProgress);
        if (event.type === 'stage-failed') attempt.failure = event.problem;
      },
    });
    for (const timer of timers) clearTimeout(timer);
    if (summary.failed === 0 || run.stop.aborted) return { kills };
    if (attempt.kills === 0) return { kills, ...(attempt.failure ? { failure: attempt.failure } : {}) };
  }
}

/** All processes of the stage. Returns how many there were. */
function killWorkers({ stage, store }: StageRun): number {
  const folder = store.folderOf(stage.id);
  const pids = readdirSync(folder).flatMap((name) => /^\.worker\.(\d+)\.json$/.exec(name)?.[1] ?? []);
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
  return pids.length;
}
