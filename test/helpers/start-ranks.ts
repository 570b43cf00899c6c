// Starts the ranks of a test as processes of their own, and hears what each has seen.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { locateScript } from '../../src/core/own-script.ts';
import { openMeetingPlace } from '../../src/engine/collectives/rendezvous/meeting-place.ts';
import type { Rendezvous } from '../../src/engine/collectives/rendezvous/rendezvous.ts';
import type { RankPart, RankReport } from './rank-process.ts';

const helpers = pathToFileURL(path.resolve('test/helpers/here.ts')).href;

/** A rank at work. */
export interface StartedRank<Report> {
  readonly process: ChildProcess;
  /** What it printed on its last line; how it ended where it printed nothing. */
  readonly report: Promise<Report | { readonly error: { readonly message: string } }>;
}

/** Starts a script of test/helpers with one argument, as JSON. */
export function startScript<Report>(name: string, argument: unknown): StartedRank<Report> {
  const script = locateScript(helpers, name);
  const child = spawn(process.execPath, [...script.execArgv, script.path, JSON.stringify(argument)], {
    env: { ...process.env, OMP_NUM_THREADS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const report = new Promise<Awaited<StartedRank<Report>['report']>>((resolve) => {
    child.on('close', (code, signal) => {
      const line = text.trim().split('\n').at(-1);
      resolve(line ? JSON.parse(line) : { error: { message: `ended with ${signal ?? code}` } });
    });
  });
  return { process: child, report };
}

/** What each rank does; a function says it by rank. */
export type Parts = Omit<RankPart, 'rendezvous'> | ((rank: number) => Omit<RankPart, 'rendezvous'>);

/**
 * Runs a job of so many ranks on a meeting place of its own. `endRank` hangs: it is killed when the others have
 * ended.
 */
export async function runRanks(
  ranks: number,
  parts: Parts,
  { endRank }: { readonly endRank?: number | undefined } = {},
): Promise<RankReport[]> {
  const place = await openMeetingPlace({ ranks, timeoutMs: 60_000 });
  const started = Array.from({ length: ranks }, (_, rank) => {
    const { host, port, token } = place;
    const rendezvous: Rendezvous = { host, port, token, rank, ranks, heldByRank0: false };
    const part: RankPart = { rendezvous, ...(typeof parts === 'function' ? parts(rank) : parts) };
    return startScript<RankReport>('./rank-process', part);
  });
  try {
    await Promise.all(started.filter((_, rank) => rank !== endRank).map(({ report }) => report));
    if (endRank !== undefined) started[endRank]!.process.kill('SIGKILL');
    return await Promise.all(started.map(({ report }) => report));
  } finally {
    place.close();
  }
}
