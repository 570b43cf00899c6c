// Workers that outlive their runner: one that was killed cannot end them, and until they notice they may
// still write into their stage's folder. Each is noted down there while it runs, so that the next runner can
// see to it that they are gone before it starts others in their place.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ProblemError } from '../core/problem.ts';
import { isSameProcess, readProcessStart } from './process-identity.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

interface WorkerNote {
  readonly pid: number;
  readonly processStart: string | null;
  readonly host: string;
}

const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** Notes down that a process works in a stage's folder. Returns what removes the note. */
export function noteWorker(folder: string, pid: number): () => void {
  const file = path.join(folder, `.worker.${pid}.json`);
  const note: WorkerNote = { pid, processStart: readProcessStart(pid), host: os.hostname() };
  writeFileAtomic(file, [`${JSON.stringify(note)}\n`]);
  return () => rmSync(file, { force: true });
}

/**
 * Kills the noted workers of a stage that still run on this host, and waits until they are gone. Only for whoever
 * holds the run's lock. Throws LAUNCH_WORKER_LEFT.
 */
export async function endLeftWorkers(folder: string): Promise<void> {
  for (const file of listNotes(folder)) {
    const note = readNote(file);
    if (note?.host === os.hostname()) await endProcess(note, folder);
    rmSync(file, { force: true });
  }
}

async function endProcess({ pid, processStart }: WorkerNote, folder: string): Promise<void> {
  const isThere = () => processStart !== null && isSameProcess(pid, processStart);
  if (!isThere()) return;
  process.kill(pid, 'SIGKILL');
  const deadline = performance.now() + PATIENCE_MS;
  while (isThere()) {
    if (performance.now() > deadline) throw new ProblemError(reportLeft(pid, folder));
    await setTimeout(LOOK_EVERY_MS);
  }
}

function listNotes(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^\.worker\.\d+\.json$/.test(name));
  return names.map((name) => path.join(folder, name));
}

/** Undefined where the note is none of ours. */
function readNote(file: string): WorkerNote | undefined {
  try {
    const note = JSON.parse(readFileSync(file, 'utf8')) as Partial<WorkerNote> | null;
    const isNote = Number.isInteger(note?.pid) && note!.pid! > 1 && typeof note!.host === 'string';
    return isNote ? (note as WorkerNote) : undefined;
  } catch {
    return undefined;
  }
}

function reportLeft(pid: number, folder: string) {
  return {
    code: 'LAUNCH_WORKER_LEFT',
    message: `Expected the worker of an earlier run in ${folder} to end when it was killed but pid ${pid} is still there after ${PATIENCE_MS / 1000} s.`,
    hint: 'It hangs in the system, often on a device or a network drive. Wait for it, or start the machine again.',
  };
}
