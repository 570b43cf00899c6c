// Fills the disk under `moco run` at random moments, to a few pages or to the last: a tmpfs of its own, so it needs
// root on Linux. Each time the run must end with DISK_FULL (or come through), with every checkpoint and record whole;
// with room again, the next run must end with the files of one that never met a full disk, times apart.
//   npx tsx bench/full-disk.ts [rounds] [seed]      (default 20, 1)

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Rng, stream } from '../src/core/rng.ts';
import { refuseBroken } from '../src/runs/checkpoint.ts';
import { readRecord } from '../src/runs/record-file.ts';
import { KILLED_EXPERIMENT, listFiles, readLeft } from '../test/helpers/kill-runs.ts';
import { type CliResult, startCli } from '../test/helpers/run-cli.ts';

const DISK_MB = 64;
const PAGE = 4096;
const MOST_PAGES = 80;

const [rounds = 20, seed = 1] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(path.join(os.tmpdir(), 'mocolab-full-'));
const disk = path.join(folder, 'disk');
const out = path.join(disk, 'runs');
const ballast = path.join(disk, 'ballast');
const tally = new Map<string, number>();
let broken = 0;

mkdirSync(disk);
execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', disk]);
try {
  writeFileSync(path.join(folder, 'small.yaml'), KILLED_EXPERIMENT);
  const started = performance.now();
  const first = await start().ended;
  if (first.code !== 0) throw new Error(`With room it ended with ${first.code}.\n${first.stdout}`);
  const wholeMs = performance.now() - started;
  const whole = takeLeft();
  for (let round = 1; round <= rounds; round++) {
    const rng = stream(seed, 'full-disk', round);
    const met = await meetFullDisk(rng, wholeMs);
    tally.set(met, (tally.get(met) ?? 0) + 1);
    console.log(`${round}/${rounds}  ${met}`);
    rmSync(ballast, { force: true });
    const { code, stdout } = await start().ended;
    if (code !== 0) report(`with room again it ended with ${code}\n${stdout}`);
    const left = takeLeft();
    const names = new Set([...Object.keys(whole), ...Object.keys(left)]);
    for (const name of names) {
      if (!isDeepStrictEqual(left[name], whole[name]))
        report(`${name} is not what it is without a full disk`);
    }
  }
  console.log([...tally].map(([what, times]) => `${times} x ${what}`).join('\n'));
  console.log(`${rounds} full disks, seed ${seed}: ${broken} broken`);
  process.exitCode = broken > 0 ? 1 : 0;
} finally {
  // Lazily: where something went wrong, the run may still be at work.
  execFileSync('umount', ['-l', disk]);
  rmSync(folder, { recursive: true });
}

function start() {
  return startCli(['run', 'small.yaml', '--devices', 'cpu:1', '--out', out], { cwd: folder });
}

function takeLeft() {
  const files = readLeft(path.join(out, 'small'));
  rmSync(out, { recursive: true });
  return files;
}

/** Runs, and leaves so few pages at a random moment; says what became of it. */
async function meetFullDisk(rng: Rng, wholeMs: number): Promise<string> {
  const cli = start();
  await Promise.race([cli.ended, setTimeout(wholeMs * rng.uniform())]);
  fill(rng.uniform() < 0.2 ? 0 : rng.integer(MOST_PAGES));
  const end = await cli.ended;
  for (const file of listFiles(out)) {
    if (/\.pth\.tar$/.test(file)) refuseUnsound(file);
    if (file.endsWith('.tmp')) report(`${file} was left`);
    if (path.basename(file) === 'record.json' && readRecord(path.dirname(file)).state !== 'ok')
      report(`${file} is no record`);
  }
  return describeEnd(end);
}

/** Writes until so many pages are free, or none where the run takes them meanwhile. */
function fill(pages: number): void {
  const { bavail, bsize } = statfsSync(disk);
  const bytes = bavail * bsize - pages * PAGE;
  try {
    if (bytes > 0) writeFileSync(ballast, Buffer.alloc(bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function refuseUnsound(file: string): void {
  try {
    refuseBroken(file);
  } catch (error) {
    report(String(error));
  }
}

function describeEnd({ code, stdout, stderr }: CliResult): string {
  if (code === 0) return 'came through';
  const text = `${stdout}${stderr}`;
  // Failures, and not the warnings of the recipe, which name their place on the same line.
  const codes = new Set(text.match(/^ {0,2}[A-Z]+(_[A-Z]+)+$/gm)?.map((each) => each.trim()));
  if (codes.size !== 1 || !codes.has('DISK_FULL')) report(`ended with ${code}:\n${text}`);
  const file = /Expected room to write (\S+)/.exec(text)?.[1];
  if (file) return `DISK_FULL writing ${path.basename(file).replace(/\d+/g, 'N')}`;
  return /as the plan says/.test(text) ? 'DISK_FULL before a stage' : 'DISK_FULL of a system call';
}

function report(what: string): void {
  broken++;
  console.error(what);
}
