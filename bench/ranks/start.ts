// Starts a benchmark's own script again as ranks, each on one core, and reads what they print.

import { spawn } from 'node:child_process';
import os from 'node:os';
import { openMeetingPlace } from '../../src/engine/collectives/rendezvous/meeting-place.ts';
import type { Rendezvous } from '../../src/engine/collectives/rendezvous/rendezvous.ts';

/** What a rank is told, as JSON in its first argument. */
export interface RankOrder<Task> {
  /** Absent: it is alone. */
  readonly rendezvous?: Rendezvous;
  readonly task: Task;
}

/** This process's order, where it was started as a rank. */
export function readOrder<Task>(): RankOrder<Task> | undefined {
  return process.argv[2]?.startsWith('{') ? JSON.parse(process.argv[2]) : undefined;
}

/** Runs the script as so many ranks; what each printed on its last line. */
export async function runAsRanks<Task, Answer>(ranks: number, task: Task): Promise<Answer[]> {
  const place = await openMeetingPlace({ ranks, timeoutMs: 600_000 });
  const { host, port, token } = place;
  const answers = Array.from({ length: ranks }, (_, rank) => {
    const rendezvous = { host, port, token, rank, ranks, heldByRank0: false };
    return runRank<Task, Answer>(rank, ranks > 1 ? { rendezvous, task } : { task });
  });
  try {
    return await Promise.all(answers);
  } finally {
    place.close();
  }
}

function runRank<Task, Answer>(rank: number, order: RankOrder<Task>): Promise<Answer> {
  const core = rank % os.availableParallelism();
  const command = [process.execPath, '--import', 'tsx', process.argv[1]!, JSON.stringify(order)];
  const child = spawn('taskset', ['-c', String(core), ...command], {
    env: { ...process.env, OMP_NUM_THREADS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      const line = text.trim().split('\n').at(-1);
      if (code === 0 && line) resolve(JSON.parse(line));
      else reject(new Error(`rank ${rank} ended with ${signal ?? code}: ${text}`));
    });
  });
}
