// Keeps two runners out of one experiment's folder. The lock is a file that says who holds it; it
// appears complete or not at all (a hard link to a finished file). A runner that was killed leaves
// its lock behind; the next one on the same host sees that the process is gone and takes it over.

import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Problem, ProblemError } from '../core/problem.ts';
import { withRoom } from './disk-room.ts';
import { placeExclusively } from './place-exclusively.ts';
import { isSameProcess, readProcessStart } from './process-identity.ts';

const LOCK_FILE = 'run.lock';

/** Who runs an experiment. */
export interface LockHolder {
  readonly pid: number;
  /** When the process started, as its system tells; null where unknown. */
  readonly processStart: string | null;
  readonly host: string;
  readonly command: string;
  /** ISO time. */
  readonly since: string;
}

export interface RunLock {
  /** Gives the folder free. Does nothing the second time. */
  release(): void;
}

/** Takes an experiment's folder for this process, until release or its end. Throws RUN_FOLDER_LOCKED. */
export function acquireRunLock(folder: string, command: string): RunLock {
  const file = path.join(folder, LOCK_FILE);
  const holder: LockHolder = {
    pid: process.pid,
    processStart: readProcessStart(process.pid),
    host: os.hostname(),
    command,
    since: new Date().toISOString(),
  };
  createFolder(folder);
  takeLock(file, holder, folder);
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    process.off('exit', release);
    if (isHolder(readLockFile(file), holder)) rmSync(file, { force: true });
  };
  process.on('exit', release);
  return { release };
}

/** Who runs the experiment in a folder; undefined if nobody does, as far as this host can tell. */
export function findRunner(folder: string): LockHolder | undefined {
  const holder = readLockFile(path.join(folder, LOCK_FILE));
  return typeof holder === 'object' && !isStale(holder) ? holder : undefined;
}

function createFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new ProblemError({
      code: 'RUN_FOLDER_UNUSABLE',
      message: `Expected a folder to write to at ${folder} but the system says ${code}.`,
      hint: 'Give another folder of runs with --out.',
    });
  }
}

function takeLock(file: string, holder: LockHolder, folder: string): void {
  const claim = `${file}.${holder.pid}.tmp`;
  try {
    withRoom(claim, () => writeFileSync(claim, `${JSON.stringify(holder, null, 2)}\n`));
    if (placeExclusively(claim, file)) return;
    const current = readLockFile(file);
    if (current === undefined && placeExclusively(claim, file)) return;
    if (typeof current !== 'object' || !isStale(current))
      throw new ProblemError(reportLocked(folder, current));
    takeOver({ file, claim, holder, folder }, current);
  } finally {
    rmSync(claim, { force: true });
  }
}

interface Takeover {
  readonly file: string;
  readonly claim: string;
  readonly holder: LockHolder;
  readonly folder: string;
}

/** Replaces a stale lock. A lock of its own lets only one runner do so at a time. */
function takeOver({ file, claim, holder, folder }: Takeover, stale: LockHolder): void {
  const turn = `${file}.takeover`;
  takeLock(turn, holder, folder);
  try {
    const current = readLockFile(file);
    if (!isHolder(current, stale)) throw new ProblemError(reportLocked(folder, current));
    renameSync(claim, file);
  } finally {
    rmSync(turn, { force: true });
  }
}

/** The holder; `unreadable` if the file is not one of ours; undefined if there is none. */
function readLockFile(file: string): LockHolder | 'unreadable' | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<LockHolder> | null;
    return typeof value?.pid === 'number' && typeof value.host === 'string'
      ? (value as LockHolder)
      : 'unreadable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'unreadable';
  }
}

/** Only the same host can tell whether a process has gone. */
function isStale({ host, pid, processStart }: LockHolder): boolean {
  return host === os.hostname() && !isSameProcess(pid, processStart);
}

function isHolder(current: LockHolder | 'unreadable' | undefined, holder: LockHolder): boolean {
  if (typeof current !== 'object') return false;
  return current.pid === holder.pid && current.host === holder.host && current.since === holder.since;
}

function reportLocked(folder: string, holder: LockHolder | 'unreadable' | undefined): Problem {
  const file = path.join(folder, LOCK_FILE);
  const rule = `Expected nobody else to be running the experiment in ${folder}`;
  const code = 'RUN_FOLDER_LOCKED';
  if (typeof holder !== 'object') {
    return {
      code,
      message: `${rule} but it has a lock that cannot be read.`,
      hint: `If no other runner is at work, delete ${file}.`,
    };
  }
  const { command, pid, host, since } = holder;
  const elsewhere = host === os.hostname() ? '' : ` If ${host} no longer runs it, delete ${file}.`;
  return {
    code,
    message: `${rule} but "${command}" does (pid ${pid} on ${host}, since ${since}).`,
    hint: `Wait for it or stop it, or give this run a folder of its own with --out.${elsewhere}`,
  };
}
