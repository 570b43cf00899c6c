// Kills a run again and again, with SIGKILL at random moments, and starts it again each time. For the test of a
// few kills and the benchmark of many.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Rng } from '../../src/core/rng.ts';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { isSameProcess } from '../../src/runs/process-identity.ts';
import type { RunRecord } from '../../src/runs/run-record.ts';
import { type CliResult, type RunningCli, startCli } from './run-cli.ts';

/** Every stage, two checkpoints a second or more, on one device. */
export const KILLED_EXPERIMENT = `kind: experiment
trials: 1
engine: wasm
launch: { retries: 100, retryDelay: 0 }
data: { dataset: synthetic, synthetic: { classes: 4, train: 96, val: 32, size: 16 } }
methods:
  mocov2:
    method: moco
    epochs: 5
    batchSize: 16
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 32, dim: 16, mlp: true }
    augment: [{ op: randomResizedCrop, size: 16 }, { op: colorJitter, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }]
    loader: { threads: 1 }
    checkpointing: { everyMinutes: 0.001 }
evaluations:
  lincls: { kind: lincls, epochs: 12, batchSize: 16, optimizer: { lr: 1 }, schedule: { policy: constant }, augment: [{ op: centerCrop, size: 16 }], evalTransform: [{ op: centerCrop, size: 16 }], loader: { threads: 1 }, checkpointing: { everyEpochs: 5, everyMinutes: 0.001 } }
  knn: { kind: knn, k: 10, evalTransform: [{ op: centerCrop, size: 16 }], loader: { threads: 1 } }
`;

/** Share of a whole run's time within which the next kill comes. */
const LONGEST_LIFE = 0.45;

/** For what is left of a run of a few seconds. */
const LONGEST_PEACE_MS = 180_000;

export interface Kill {
  readonly victim: 'runner' | 'worker';
  /** What ran, or `no stage yet`. */
  readonly during: string;
  readonly afterMs: number;
}

export interface KilledRuns {
  /** What a run left that was not killed. */
  readonly whole: { readonly [file: string]: string };
  readonly kills: readonly Kill[];
  /** What each run left that came to its end in spite of its kills. */
  readonly left: readonly { readonly [file: string]: string }[];
}

export interface KillOptions {
  /** Holds the experiment as small.yaml. */
  readonly folder: string;
  readonly kills: number;
  readonly rng: Rng;
  /** Of each training, with a process each; absent: 1. */
  readonly devices?: number;
  readonly onKill?: (kill: Kill, count: number) => void;
}

/** Runs the experiment once in peace, then anew again and again until there were so many kills and the last has ended. */
export async function killRuns({
  folder,
  kills,
  rng,
  devices = 1,
  onKill,
}: KillOptions): Promise<KilledRuns> {
  const done: Kill[] = [];
  const left: { readonly [file: string]: string }[] = [];
  // All in one place, because a stage may keep the paths of what it read.
  const out = path.join(folder, 'runs');
  const spread = ['--devices', `cpu:${devices}`, '--devices-per-trial', `${devices}`];
  const start = () => startCli(['run', 'small.yaml', ...spread], { cwd: folder });
  const takeLeft = () => {
    const files = readLeft(path.join(out, 'small'));
    rmSync(out, { recursive: true });
    return files;
  };
  const started = performance.now();
  const { code } = await start().ended;
  if (code !== 0) throw new Error(`The run that is not killed ended with ${code}.`);
  const whole = takeLeft();
  const longestMs = LONGEST_LIFE * (performance.now() - started);
  while (done.length < kills || left.length === 0) {
    for (let finished = false; !finished; ) {
      const cli = start();
      const before = done.length;
      for (let isLiving = true; isLiving && done.length < kills; ) {
        const kill = await killSomewhere(cli, { out, afterMs: Math.round(longestMs * rng.uniform()), rng });
        if (kill) {
          done.push(kill);
          onKill?.(kill, done.length);
        }
        isLiving = kill?.victim === 'worker';
      }
      const { code, stdout, stderr } = await endInTime(cli);
      finished = code === 0;
      if (!finished && done.length === before)
        throw new Error(`It was not killed but ended with ${code}.\n${stdout}${stderr}`);
    }
    left.push(takeLeft());
  }
  return { whole, kills: done, left };
}

/** The result of a run that is left in peace from now on. Throws with what it is at where it does not end. */
async function endInTime(cli: RunningCli): Promise<CliResult> {
  const result = await Promise.race([cli.ended, setTimeout(LONGEST_PEACE_MS, undefined, { ref: false })]);
  if (result) return result;
  cli.process.kill('SIGKILL');
  const { stdout, stderr } = await cli.ended;
  throw new Error(`It did not end within ${LONGEST_PEACE_MS / 1000} s.\n${stdout}${stderr}`);
}

/** Kills the runner or one of its workers at a random moment; undefined where the run ended before. */
async function killSomewhere(
  cli: RunningCli,
  { out, afterMs, rng }: { readonly out: string; readonly afterMs: number; readonly rng: Rng },
): Promise<Kill | undefined> {
  const end = await Promise.race([cli.ended, setTimeout(afterMs)]);
  if (end) return undefined;
  const workers = findWorkers(out).filter(({ pid }) => isSameProcess(pid, null));
  const worker = workers[rng.integer(Math.max(1, workers.length))];
  const isWorker = worker !== undefined && rng.uniform() < 0.5;
  const isSent = isWorker ? killIfThere(worker.pid) : cli.process.kill('SIGKILL');
  // It may have ended by itself in this very moment, which is no kill.
  if (!isSent) return undefined;
  return { victim: isWorker ? 'worker' : 'runner', during: worker?.stage ?? 'no stage yet', afterMs };
}

function killIfThere(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Workers that are noted down below a folder. */
function findWorkers(out: string): { readonly pid: number; readonly stage: string }[] {
  return listFiles(out).flatMap((file) => {
    const pid = /(?:^|\/)\.worker\.(\d+)\.json$/.exec(file)?.[1];
    return pid === undefined ? [] : [{ pid: Number(pid), stage: path.basename(path.dirname(file)) }];
  });
}

export function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  } catch {
    return []; // Not there yet, or changing while it is read.
  }
}

/** Every file that a finished run leaves, without times: what has to be the same. */
export function readLeft(experiment: string): { readonly [file: string]: string } {
  return Object.fromEntries(
    listFiles(experiment)
      .filter((file) => !TELLS_TIMES.test(path.basename(file)))
      .sort()
      .map((file) => [path.relative(experiment, file), readTimeless(file)]),
  );
}

/**
 * Files that draw or tell times. What they say besides is in others: TensorBoard's events in the metrics, the page in
 * report.json and the other figures.
 */
const TELLS_TIMES = /^(events\.out\.tfevents\..*|report\.html|graph\.svg|curve-imagesPerSecond\.svg)$/;

function readTimeless(file: string): string {
  const name = path.basename(file);
  if (/^log(\.rank-\d+)?\.txt$/.test(name)) return 'a log';
  if (name === 'metrics.jsonl') return renderWithoutTimes(readMetricsLog(file));
  if (name !== 'record.json') return readFileSync(file).toString('hex');
  const { state, stage, fingerprint, seed, inputs, result } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as RunRecord;
  const outputs = result?.outputs.map(({ path: output }) => output);
  return JSON.stringify({
    state,
    stage,
    fingerprint,
    seed,
    inputs,
    metrics: result?.metrics,
    outputs,
    warnings: result?.warnings,
  });
}
