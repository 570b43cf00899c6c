// The processes of one stage, one a device, as one: they start together, and where one ends badly all end.
// What is shown is the first failure. That a rank lost its peers is not: it is what another's failure did to it.

import path from 'node:path';
import type { OwnScript } from '../core/own-script.ts';
import { nameLog } from '../runs/stage-folder.ts';
import type { Device } from './device-pool.ts';
import {
  LOST_PEER_CODES,
  type RankPlace,
  type StageOrder,
  type StageProblem,
  type StageProgress,
} from './protocol.ts';
import { startWorker, type WorkerEnd, type WorkerListener, type WorkerProcess } from './worker-process.ts';

/** Time for the death of a rank to become known, once another rank has lost it. */
const GRACE_MS = 3000;

/** Ranks name the one that is late when their own patience ends; the watchdog's is longer, so that they can. */
const WATCHDOG_SHARE = 1.5;

/** How a stage ended; where it failed, in whose log to look. */
export type GroupEnd = WorkerEnd & { readonly logFile: string };

export interface RankGroup extends Pick<WorkerProcess, 'stop' | 'kill'> {
  readonly ended: Promise<GroupEnd>;
}

export interface GroupOptions {
  readonly script: OwnScript;
  /** What all ranks are told. */
  readonly order: Omit<StageOrder, 'device' | 'rank'>;
  /** One a process; without `place`, the process computes the stage alone. */
  readonly members: readonly { readonly device: Device; readonly place?: RankPlace }[];
  /** Without a sign from any process for so long, the stage has failed. */
  readonly stallTimeoutMs: number;
  readonly listener: WorkerListener;
}

/** Starts the processes of a stage. */
export function startRanks(options: GroupOptions): RankGroup {
  const { script, order, members, listener } = options;
  const watchdog = createWatchdog(options, () => killAll());
  const heard = new Set<string>();
  const workers = members.map(({ device, place }, i) =>
    startWorker(
      script,
      { ...order, device, ...(place ? { rank: place } : {}) },
      {
        onSign: watchdog.reset,
        onProgress: (progress, peakMemoryBytes) => {
          watchdog.note(progress);
          if (i === 0) listener.onProgress(progress, peakMemoryBytes);
        },
        // Ranks have mostly the same to say.
        onWarning: (message) => {
          if (heard.has(message)) return;
          heard.add(message);
          listener.onWarning(message);
        },
      },
    ),
  );
  const killAll = () => {
    for (const worker of workers) worker.kill();
  };
  const failures: Failure[] = [];
  let grace: NodeJS.Timeout | undefined;
  const ends = workers.map(async (worker, i) => {
    const end = await worker.ended;
    if (end.state !== 'failed') return end;
    const logFile = path.join(order.folder, nameLog(members[i]!.place?.rendezvous.rank));
    failures.push({ end, logFile });
    if (LOST_PEER_CODES.includes(end.problem.code)) grace ??= setTimeout(killAll, GRACE_MS);
    else killAll();
    return end;
  });
  const ended = Promise.all(ends).then((all): GroupEnd => {
    clearTimeout(grace);
    watchdog.close();
    const stalled = watchdog.problem();
    if (stalled)
      failures.unshift({ end: { state: 'failed', problem: stalled }, logFile: logOf(order.folder) });
    return joinEnds(all, failures, logOf(order.folder));
  });
  return {
    ended,
    stop: () => {
      for (const worker of workers) worker.stop();
    },
    kill: killAll,
  };
}

interface Failure {
  readonly end: Extract<WorkerEnd, { readonly state: 'failed' }>;
  readonly logFile: string;
}

function logOf(folder: string): string {
  return path.join(folder, nameLog());
}

/** The first failure that is no other's consequence; else done only where all are. `failures`: as they came. */
function joinEnds(ends: readonly WorkerEnd[], failures: readonly Failure[], logFile: string): GroupEnd {
  const first = failures.find(({ end }) => !LOST_PEER_CODES.includes(end.problem.code)) ?? failures[0];
  if (first) return { ...first.end, logFile: first.logFile };
  const unfinished = ends.find(({ state }) => state !== 'done');
  // Rank 0 keeps the results.
  return { ...(unfinished ?? ends[0]!), logFile };
}

interface Watchdog {
  readonly reset: () => void;
  readonly note: (progress: StageProgress) => void;
  readonly problem: () => StageProblem | undefined;
  readonly close: () => void;
}

function createWatchdog({ order, members, stallTimeoutMs }: GroupOptions, bite: () => void): Watchdog {
  const patienceMs = members[0]?.place ? WATCHDOG_SHARE * stallTimeoutMs : stallTimeoutMs;
  let last = 'it started';
  let problem: StageProblem | undefined;
  const onSilence = () => {
    problem = reportStall(order.stage.id, patienceMs, last);
    bite();
  };
  const timer = setTimeout(onSilence, patienceMs);
  return {
    reset: () => void timer.refresh(),
    note: ({ phase, done, total }) => {
      last = `it was at ${phase} ${done}/${total}`;
    },
    problem: () => problem,
    close: () => clearTimeout(timer),
  };
}

function reportStall(stage: string, patienceMs: number, last: string): StageProblem {
  return {
    code: 'LAUNCH_STALLED',
    message: `Expected ${stage} to go on within ${patienceMs / 1000} s but nothing was heard of it since ${last}.`,
    hint: 'It was stopped. If its steps take longer than that, raise launch.stallTimeout (seconds).',
  };
}
