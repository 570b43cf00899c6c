// One rank of a stage that keeps none of its files: another launcher has started it, perhaps on another machine than
// rank 0, which holds the folder of runs and writes the record.

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { OwnScript } from '../core/own-script.ts';
import type { Stage } from '../plan/stage-graph.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { Device } from './device-pool.ts';
import type { RankPlace } from './protocol.ts';
import { locateStage, startStageProcesses } from './stage-processes.ts';
import { readLogTail, type WorkerEnd } from './worker-process.ts';

export interface FollowOptions {
  readonly stage: Stage;
  readonly store: RunStore;
  readonly device: Device;
  readonly place: RankPlace;
  readonly worker: OwnScript;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
}

/** How the rank ended, and the last lines of what it said. */
export interface FollowEnd {
  readonly end: WorkerEnd;
  readonly logTail: readonly string[];
}

/** Runs the rank to its end. Its log lies in a folder of its own, which is gone afterwards. */
export async function followStage(options: FollowOptions): Promise<FollowEnd> {
  const { stage, store, device, place, worker, stop, kill } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mocolab-rank-'));
  try {
    const group = startStageProcesses({
      script: worker,
      order: { ...locateStage(store, stage), folder },
      devices: [device],
      place,
      stallTimeoutMs: place.timeoutMs,
      listener: { onProgress: () => {}, onWarning: () => {} },
    });
    stop.addEventListener('abort', group.stop);
    kill.addEventListener('abort', group.kill);
    if (stop.aborted) group.stop();
    const end = await group.ended;
    return { end, logTail: readLogTail(end.logFile) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
