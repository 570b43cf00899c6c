// A disk that fills up, a real one: a small tmpfs, where this process may mount one. Free room goes from none
// upwards in pages, so that each write meets the end of the disk once.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { locateScript } from '../../src/core/own-script.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { refuseBroken, writeTorchFile } from '../../src/runs/checkpoint.ts';
import { findLackOfRoom } from '../../src/runs/disk-room.ts';
import { openMetricsLog, readMetricsLog } from '../../src/runs/metrics-log.ts';
import { openRunStore } from '../../src/runs/run-store.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeExperiment } from '../helpers/make-experiment.ts';
import { makeRecord, makeSharedFolder } from '../helpers/make-record.ts';

const PAGE = 4096;
const disk = makeSharedFolder();
const mounting = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { encoding: 'utf8' });
const isMounted = mounting.status === 0;
if (!isMounted)
  console.log(
    `The tests of a full disk are SKIPPED: mount says ${mounting.stderr || String(mounting.error)}`,
  );
afterAll(() => {
  if (isMounted) execFileSync('umount', [disk]);
});

/** Leaves so many pages free. */
function fill(pages: number): void {
  rmSync(path.join(disk, 'ballast'), { force: true });
  const { bavail, bsize } = statfsSync(disk);
  const bytes = bavail * bsize - pages * PAGE;
  if (bytes > 0) writeFileSync(path.join(disk, 'ballast'), Buffer.alloc(bytes));
}

/** The code of the problem that `write` throws; undefined where it throws none. */
function tryWriting(write: () => unknown): string | undefined {
  let code: string | undefined;
  try {
    write();
  } catch {
    code = catchProblems(write)[0]?.code;
  }
  return code;
}

test.runIf(isMounted)(
  'whichever write fills the disk: the error says so, what was there before is whole, and it goes on with room',
  () => {
    const graph = compilePlan(makeExperiment(), {});
    const stage = graph.stages[0]!;
    const outcomes = new Set<string>();
    for (let pages = 0; pages < 40; pages++) {
      fill(200);
      const store = openRunStore(disk, `demo${pages}`);
      const folder = store.folderOf(stage.id);
      const old = makeRecord(stage, graph, { state: 'interrupted' });
      const checkpoint = path.join(folder, 'checkpoint_0000.pth.tar');
      const content = (text: string) => new Map([['arch', text.repeat(20_000)]]);
      store.writeRecord(stage.id, old);
      writeTorchFile(checkpoint, content('a'));
      const before = readFileSync(checkpoint);
      const log = openMetricsLog(path.join(folder, 'metrics.jsonl'));
      log.append({ step: 1, epoch: 0, split: 'train', loss: 1 });
      fill(pages);
      const append = () => {
        for (let step = 2; step < 200; step++) log.append({ step, epoch: 0, split: 'train', loss: step / 7 });
      };
      const steps: readonly [string, () => unknown][] = [
        ['log', append],
        ['record', () => store.writeRecord(stage.id, makeRecord(stage, graph))],
        ['checkpoint', () => writeTorchFile(checkpoint, content('b'))],
      ];
      const failed = steps.find(([, write]) => {
        const code = tryWriting(write);
        if (code !== undefined) expect(code).toBe('DISK_FULL');
        return code !== undefined;
      })?.[0];
      outcomes.add(failed ?? 'none');
      refuseBroken(checkpoint);
      if (failed) expect(readFileSync(checkpoint)).toEqual(before);
      if (failed === 'log' || failed === 'record')
        expect(store.readRecord(stage.id)).toMatchObject({ state: 'ok', record: { state: 'interrupted' } });
      expect(readMetricsLog(path.join(folder, 'metrics.jsonl'))[0]).toMatchObject({ step: 1 });
      expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      fill(200);
      for (const [, write] of steps.slice(1)) write();
      expect(store.readRecord(stage.id)).toMatchObject({ state: 'ok', record: { state: 'done' } });
      log.close();
      rmSync(store.folder, { recursive: true });
    }
    // Each of them met the end of the disk, or this would prove nothing.
    expect([...outcomes].sort()).toEqual(['checkpoint', 'log', 'none', 'record']);
  },
);

test.runIf(isMounted)('a full disk and a lack of room are told in whole text', () => {
  fill(0);
  const file = path.join(disk, 'full', 'x');
  const write = () => writeTorchFile(file, new Map([['arch', 'x'.repeat(10_000)]]));
  expect(catchProblems(write)).toEqual([
    {
      code: 'DISK_FULL',
      message: `Expected room to write ${file} but the disk is full (ENOSPC).`,
      hint: 'Nothing that was finished is lost. Make room, then run again: it goes on from the last checkpoint.',
    },
  ]);
  expect(findLackOfRoom(disk, 5e6)).toEqual({
    code: 'DISK_FULL',
    message: expect.stringMatching(
      /^Expected \d\.\d MB of room for .*, as the plan says, but its disk has 0\.0 MB\.$/,
    ),
    hint: 'Make room, or give a folder on another disk with --out. checkpointing.keep: last keeps the fewest checkpoints.',
  });
  fill(200);
  expect(findLackOfRoom(disk, 100)).toBeUndefined();
});

test.runIf(isMounted)('a worker whose log finds no room goes on: it answers all the same', async () => {
  const { execArgv, path: script } = locateScript(
    pathToFileURL(path.resolve('src/here.ts')).href,
    './worker/main',
  );
  const log = openSync(path.join(disk, 'worker.log'), 'a');
  fill(0);
  // Prints when it is asked to stop, and says so, whatever became of that.
  const chatter =
    "process.on('message', ({ type }) => type === 'stop' && process.stdout.write('x', () => process.send({ type: 'wrote' })))";
  const worker = spawn(
    process.execPath,
    [...execArgv, '--import', `data:text/javascript,${encodeURIComponent(chatter)}`, script],
    { stdio: ['ignore', log, log, 'ipc'] },
  );
  const messages: { readonly type: string; readonly problem?: unknown }[] = [];
  worker.on('message', (message: (typeof messages)[number]) => {
    messages.push(message);
    if (message.type === 'hello') worker.send({ type: 'stop' });
    if (message.type === 'wrote') worker.send({ type: 'run', protocolVersion: -1, order: {} });
  });
  const code = await new Promise((resolve) => worker.on('exit', resolve));
  closeSync(log);
  expect(readFileSync(path.join(disk, 'worker.log'), 'utf8')).toBe('');
  expect(messages.map(({ type }) => type)).toEqual(['hello', 'wrote', 'failed']);
  expect(code).toBe(0);
});
