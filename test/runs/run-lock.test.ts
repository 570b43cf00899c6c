import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { isSameProcess, readProcessStart } from '../../src/runs/process-identity.ts';
import { acquireRunLock, findRunner } from '../../src/runs/run-lock.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeFolder } from '../helpers/make-record.ts';

const HOLDER = fileURLToPath(new URL('../helpers/lock-holder.ts', import.meta.url));

interface Holder {
  readonly process: ChildProcess;
  /** Tells it to take the lock; returns `locked` or the code of the problem. */
  take(): Promise<string>;
}

/** Starts a process that can take the lock of a folder. */
async function startHolder(folder: string): Promise<Holder> {
  const child = spawn(process.execPath, ['--import', 'tsx', HOLDER, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  const take = async () => {
    child.stdin.write('moco run demo.yaml\n');
    return (await lines.next()).value as string;
  };
  return { process: child, take };
}

async function kill({ process: child }: Holder): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('a folder that another process runs in is refused, with who it is', async () => {
  const folder = makeFolder();
  const holder = await startHolder(folder);
  expect(await holder.take()).toBe('locked');
  const { since } = findRunner(folder)!;
  expect(catchProblems(() => acquireRunLock(folder, 'moco run again'))).toEqual([
    {
      code: 'RUN_FOLDER_LOCKED',
      message: `Expected nobody else to be running the experiment in ${folder} but "moco run demo.yaml" does (pid ${holder.process.pid} on ${os.hostname()}, since ${since}).`,
      hint: 'Wait for it or stop it, or give this run a folder of its own with --out.',
    },
  ]);
});

test('a folder is free again when its runner ends in an orderly way', async () => {
  const folder = makeFolder();
  const holder = await startHolder(folder);
  await holder.take();
  holder.process.stdin?.end();
  await once(holder.process, 'exit');
  expect(readdirSync(folder)).toEqual([]);
});

test('the lock of a killed runner is taken over', async () => {
  const folder = makeFolder();
  const holder = await startHolder(folder);
  await holder.take();
  await kill(holder);
  expect(existsSync(path.join(folder, 'run.lock'))).toBe(true);
  expect(findRunner(folder)).toBeUndefined();
  const lock = acquireRunLock(folder, 'moco run again');
  expect(findRunner(folder)).toMatchObject({ pid: process.pid, command: 'moco run again' });
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('of several runners that want the lock of a killed one, one gets it', async () => {
  const folder = makeFolder();
  const first = await startHolder(folder);
  await first.take();
  await kill(first);
  const rivals = await Promise.all(Array.from({ length: 4 }, () => startHolder(folder)));
  const answers = await Promise.all(rivals.map((rival) => rival.take()));
  expect(answers.sort()).toEqual(['RUN_FOLDER_LOCKED', 'RUN_FOLDER_LOCKED', 'RUN_FOLDER_LOCKED', 'locked']);
});

test('a takeover that was killed half-way does not keep the next one out', async () => {
  const folder = makeFolder();
  const holder = await startHolder(folder);
  await holder.take();
  await kill(holder);
  writeFileSync(path.join(folder, 'run.lock.takeover'), readFileSync(path.join(folder, 'run.lock')));
  acquireRunLock(folder, 'moco run again').release();
  expect(readdirSync(folder)).toEqual([]);
});

/** Leaves a lock in a folder as somebody else would. */
function leaveLock(folder: string, holder: { readonly [key: string]: unknown } | string): void {
  mkdirSync(folder, { recursive: true });
  const text = typeof holder === 'string' ? holder : JSON.stringify(holder);
  writeFileSync(path.join(folder, 'run.lock'), text);
}

test('a process that got the pid of a killed runner does not hold its lock', () => {
  const folder = makeFolder();
  const holder = {
    pid: process.pid,
    processStart: 'another boot 17',
    host: os.hostname(),
    command: 'x',
    since: 'then',
  };
  leaveLock(folder, holder);
  acquireRunLock(folder, 'moco run').release();
  leaveLock(folder, { ...holder, processStart: readProcessStart(process.pid) });
  expect(catchProblems(() => acquireRunLock(folder, 'moco run'))).toMatchObject([
    { code: 'RUN_FOLDER_LOCKED' },
  ]);
});

test('the lock of another host is never taken over, and the file to delete is named', () => {
  const folder = makeFolder();
  leaveLock(folder, {
    pid: 1,
    processStart: null,
    host: 'node-7',
    command: 'moco run x.yaml',
    since: 'Monday',
  });
  expect(catchProblems(() => acquireRunLock(folder, 'moco run'))).toEqual([
    {
      code: 'RUN_FOLDER_LOCKED',
      message: `Expected nobody else to be running the experiment in ${folder} but "moco run x.yaml" does (pid 1 on node-7, since Monday).`,
      hint: `Wait for it or stop it, or give this run a folder of its own with --out. If node-7 no longer runs it, delete ${folder}/run.lock.`,
    },
  ]);
});

test('a lock that cannot be read is not taken over either', () => {
  const folder = makeFolder();
  leaveLock(folder, 'garbage');
  expect(catchProblems(() => acquireRunLock(folder, 'moco run'))).toEqual([
    {
      code: 'RUN_FOLDER_LOCKED',
      message: `Expected nobody else to be running the experiment in ${folder} but it has a lock that cannot be read.`,
      hint: `If no other runner is at work, delete ${folder}/run.lock.`,
    },
  ]);
});

test('releasing twice does not take away the lock of the next runner', () => {
  const folder = makeFolder();
  const lock = acquireRunLock(folder, 'first');
  lock.release();
  const next = acquireRunLock(folder, 'second');
  lock.release();
  expect(findRunner(folder)?.command).toBe('second');
  next.release();
});

test('a process is the same only with the same start', () => {
  const start = readProcessStart(process.pid);
  expect(start).not.toBeNull();
  expect(isSameProcess(process.pid, start)).toBe(true);
  expect(isSameProcess(process.pid, `${start}0`)).toBe(false);
  expect(isSameProcess(process.pid, null)).toBe(true);
  expect(isSameProcess(2 ** 30, null)).toBe(false);
});
