// Workers of a killed runner: the next one ends them, and nobody else.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { endLeftWorkers, noteWorker } from '../../src/runs/left-workers.ts';
import { isSameProcess } from '../../src/runs/process-identity.ts';
import { makeFolder } from '../helpers/make-record.ts';

/** A process that ends only when it is killed. */
function startStubborn(): ChildProcess & { readonly pid: number } {
  const script = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);';
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child as ChildProcess & { readonly pid: number };
}

test('a noted worker that still runs is ended, and gone when the next one may start', async () => {
  const folder = makeFolder();
  const child = startStubborn();
  noteWorker(folder, child.pid);
  const exited = once(child, 'exit');
  await endLeftWorkers(folder);
  expect(isSameProcess(child.pid, null)).toBe(false);
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(readdirSync(folder)).toEqual([]);
});

test('a note is gone when its worker has ended in an orderly way', () => {
  const folder = makeFolder();
  const forget = noteWorker(folder, process.pid);
  expect(readdirSync(folder)).toEqual([`.worker.${process.pid}.json`]);
  forget();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['has its pid but started at another time', { processStart: 'an earlier boot' }],
  ['runs on another host', { host: 'another-host' }],
])('a process that %s is left alone', async (_, changes) => {
  const folder = makeFolder();
  const child = startStubborn();
  noteWorker(folder, child.pid);
  const file = path.join(folder, `.worker.${child.pid}.json`);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));
  await endLeftWorkers(folder);
  expect(isSameProcess(child.pid, null)).toBe(true);
});

test.each(['nothing', 'null', '{"pid":-1,"processStart":"x","host":"y"}'])(
  'a note that says %s is no reason to end anything',
  async (text) => {
    const folder = makeFolder();
    writeFileSync(path.join(folder, '.worker.7.json'), text);
    await endLeftWorkers(folder);
    expect(readdirSync(folder)).toEqual([]);
  },
);

test.runIf(process.platform === 'linux')(
  'a process that has ended but is still listed does not run',
  async () => {
    // The program that has taken the shell's place never asks about the shell's child.
    const script = `exec 3<&0; sh -c 'read x' <&3 & exec sh -c 'echo $0; exec sleep 1000' $!`;
    const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(line);
    expect(isSameProcess(pid, null)).toBe(true);
    // Before, there is a shell, and some shells ask about every child that ends.
    const hasTakenPlace = () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n';
    await vi.waitUntil(hasTakenPlace, { timeout: 10_000 });
    child.stdin.end();
    const isZombie = () => /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    await vi.waitUntil(isZombie, { timeout: 10_000 });
    expect(isSameProcess(pid, null)).toBe(false);
  },
);
