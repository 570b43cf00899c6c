// `moco ui` (as built) on 1,000 trials of 200 epochs each: how soon its pages are there, how soon an open one shows
// that a trial trains on, what that costs, and how much memory it takes.

import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { acquireRunLock } from '../src/runs/run-lock.ts';
import { makeLargeRun } from './large-run.ts';

const LIMITS = { firstMs: 2000, seenMs: 5000, memoryBytes: 300e6 };
const PAGES = [
  '/',
  '/runs/large',
  '/runs/large/mocov2/trial-500/pretrain',
  '/compare?run=large/mocov2/trial-1&run=large/mocov2/trial-2',
  '/compare?run=large/mocov2&run=large/mocov2/trial-2',
];
/** How often a page asks, as live.js does. */
const INTERVAL_MS = 1000;
const CHANGES = 10;
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
const reading = store.readRecord(TRIAL);
if (reading.state === 'ok') store.writeRecord(TRIAL, { ...reading.record, state: 'running' });
let etag = '';

/** Asks as an open page does; whether it has changed. */
async function look(): Promise<boolean> {
  const headers: { [name: string]: string } = etag === '' ? {} : { 'if-none-match': etag };
  const response = await fetch(new URL('/runs/large', url), { headers });
  await response.text();
  etag = response.headers.get('etag') ?? '';
  return response.status === 200;
}
const rest = () => new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));

await look();
const [started, before] = [performance.now(), readCpuMs()];
const seen = [];
for (let change = 0; change < CHANGES; change++) {
  await rest();
  trainOn(200 + change);
  const changed = performance.now();
  while (!(await look())) await rest();
  seen.push(performance.now() - changed);
}
const cpuMs = (1000 * (readCpuMs() - before)) / (performance.now() - started);
seen.sort((a, b) => a - b);
lock.release();
const memoryBytes =
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))![1]) * 1024;
server.kill('SIGINT');
rmSync(folder, { recursive: true });
const firstMs = Math.max(...times);
const held = firstMs < LIMITS.firstMs && seen.at(-1)! < LIMITS.seenMs && memoryBytes < LIMITS.memoryBytes;
console.log(
  `live: a change is seen after ${(seen[CHANGES / 2]! / 1000).toFixed(1)} s, ${(seen.at(-1)! / 1000).toFixed(1)} s at most; ${cpuMs.toFixed(0)} ms of computing a second; ${(memoryBytes / 1e6).toFixed(0)} MB: ${held ? 'held' : 'NOT HELD'}`,
);
process.exitCode = held ? 0 : 1;
