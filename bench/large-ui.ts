// `moco ui` (as built) on 1,000 trials of 200 epochs each: how soon its pages are there, what a look costs while one
// trial trains on and a page of it is open, and how much memory it takes.

import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { acquireRunLock } from '../src/runs/run-lock.ts';
import { makeLargeRun } from './large-run.ts';

const LIMITS = { firstMs: 2000, memoryBytes: 300e6 };
const PAGES = [
  '/',
  '/runs/large',
  '/runs/large/mocov2/trial-500/pretrain',
  '/compare?run=large/mocov2/trial-1&run=large/mocov2/trial-2',
  '/compare?run=large/mocov2&run=large/mocov2/trial-2',
];
const SECONDS = 20;
const TRIAL = 'mocov2/trial-1000/pretrain';

const folder = mkdtempSync(path.join(tmpdir(), 'mocolab-bench-'));
const { runs, store } = makeLargeRun(folder);
const server = spawn(process.execPath, ['dist/main.js', 'ui', runs, '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise<string>((resolve) =>
  server.stdout.once('data', (text: Buffer) => resolve(/http:\S+/.exec(text.toString())![0])),
);

const times = [];
for (const page of PAGES) {
  const ms = [];
  for (let i = 0; i < 2; i++) {
    const started = performance.now();
    const body = await (await fetch(new URL(page, url))).text();
    ms.push(performance.now() - started);
    if (i === 1)
      console.log(
        `${page}: ${ms.map((each) => each.toFixed(0)).join(', then ')} ms, ${(body.length / 1e3).toFixed(0)} kB`,
      );
  }
  times.push(ms[0]!);
}

/** One epoch more of a trial that trains. */
function trainOn(epoch: number): void {
  const row = { step: 97 * (epoch + 1), epoch, split: 'train', epochLoss: 1, epochAcc1: 50, lr: 0.06 };
  appendFileSync(path.join(store.folderOf(TRIAL), 'metrics.jsonl'), `${JSON.stringify(row)}\n`);
}

/** User and system time of the server, ms. */
function readCpuMs(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const lock = acquireRunLock(store.folder, 'bench');
let etag = '';
let changes = 0;
const before = readCpuMs();
const waits = [];
for (let second = 0; second < SECONDS; second++) {
  trainOn(200 + second);
  const started = performance.now();
  const response = await fetch(new URL('/runs/large', url), {
    headers: etag ? { 'if-none-match': etag } : {},
  });
  await response.text();
  waits.push(performance.now() - started);
  if (response.status === 200) changes++;
  etag = response.headers.get('etag') ?? '';
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
const cpuMs = (readCpuMs() - before) / SECONDS;
lock.release();
const memoryBytes =
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))![1]) * 1024;
server.kill('SIGINT');
rmSync(folder, { recursive: true });
const firstMs = Math.max(...times);
const held = firstMs < LIMITS.firstMs && memoryBytes < LIMITS.memoryBytes;
console.log(
  `live: ${cpuMs.toFixed(0)} ms of computing a second, ${changes} of ${SECONDS} looks saw a change, answers after ${Math.max(...waits).toFixed(0)} ms at most; ${(memoryBytes / 1e6).toFixed(0)} MB: ${held ? 'held' : 'NOT HELD'}`,
);
process.exitCode = held ? 0 : 1;
