// How long `moco report` takes, and how much memory, on 1,000 trials of 200 epochs each, pre-training and linear
// classification; and how large its page is.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeLargeRun } from './large-run.ts';

const LIMITS = { ms: 5000, memoryBytes: 300e6, pageBytes: 5e6 };

const folder = mkdtempSync(path.join(tmpdir(), 'mocolab-bench-'));
const { file, runs, store } = makeLargeRun(folder);

const started = performance.now();
const args = ['-f', '%M %U %S', process.execPath, 'dist/main.js', 'report', file, '--out', runs];
const result = spawnSync('/usr/bin/time', args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
const ms = performance.now() - started;
if (result.status !== 0) throw new Error(result.stderr);
const [kilobytes = 0, user = 0, system = 0] = result.stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
const pageBytes = statSync(path.join(store.folderOf('report'), 'report.html')).size;
rmSync(folder, { recursive: true });
const memoryBytes = kilobytes * 1024;
const held = ms < LIMITS.ms && memoryBytes < LIMITS.memoryBytes && pageBytes < LIMITS.pageBytes;
console.log(
  `report of 1,000 trials: ${ms.toFixed(0)} ms (${(user + system).toFixed(1)} s of computing), ${(memoryBytes / 1e6).toFixed(0)} MB, page ${(pageBytes / 1e6).toFixed(2)} MB: ${held ? 'held' : 'NOT HELD'}`,
);
process.exitCode = held ? 0 : 1;
