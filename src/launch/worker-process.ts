// One worker process from start to end: gives it its order, passes on its messages, and turns any
// way of dying into one of four ends. Its output goes straight to the stage's log file.

import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import type { OwnScript } from '../core/own-script.ts';
import { noteWorker } from '../runs/left-workers.ts';
import type { StageResult } from '../runs/run-record.ts';
import { nameLog } from '../runs/stage-folder.ts';
import type { Device } from './device-pool.ts';
import { recogniseFailure } from './failure-policy.ts';
import { countMemoryKills } from './memory-evidence.ts';
import {
  type ParentMessage,
  PROTOCOL_VERSION,
  type StageOrder,
  type StageProblem,
  type StageProgress,
  type WorkerMessage,
} from './protocol.ts';

/** Lines of a log that are shown when its stage fails. */
const TAIL_LINES = 20;
/** Longer lines are cut: a WebAssembly stack can hold megabytes in one. */
const TAIL_COLUMNS = 300;

/** Signals that ask a process to end: of a worker that had not started to listen they are no failure. */
const ASKING = ['SIGINT', 'SIGTERM', 'SIGUSR1'];

/** How a worker ended. */
export type WorkerEnd =
  | { readonly state: 'done'; readonly result: StageResult }
  | { readonly state: 'stopped' }
  | { readonly state: 'killed' }
  | { readonly state: 'failed'; readonly problem: StageProblem };

export interface WorkerProcess {
  readonly ended: Promise<WorkerEnd>;
  stop(): void;
  kill(): void;
}

export interface WorkerListener {
  readonly onProgress: (progress: StageProgress, peakMemoryBytes?: number) => void;
  readonly onWarning: (message: string) => void;
  /** Told of every message, whatever it says. */
  readonly onSign?: () => void;
}

/** Starts a worker on an order. */
export function startWorker(script: OwnScript, order: StageOrder, listener: WorkerListener): WorkerProcess {
  const log = { file: path.join(order.folder, nameLog(order.rank?.rendezvous.rank)), append: true };
  const logStart = statSync(log.file, { throwIfNoEntry: false })?.size ?? 0;
  const subprocess = execa(process.execPath, [...script.execArgv, script.path], {
    env: deviceEnvironment(order.device),
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    ipc: true,
    buffer: false,
    serialization: 'json',
    reject: false,
  });
  // Before it has an order, and so before it can write anything.
  let forget: (() => void) | undefined;
  try {
    forget = subprocess.pid === undefined ? undefined : noteWorker(order.folder, subprocess.pid);
  } catch (error) {
    // Unnoted, it must not run: a later runner could not know of it.
    subprocess.kill('SIGKILL');
    throw error;
  }
  const killsBefore = countMemoryKills();
  let last: WorkerEnd | undefined;
  let killed = false;
  const send = (message: ParentMessage) => {
    // A worker that has gone says so through its end.
    if (subprocess.connected) subprocess.send(message, undefined, undefined, () => {});
  };
  subprocess.on('message', (message: WorkerMessage) => {
    listener.onSign?.();
    switch (message.type) {
      case 'hello':
        if (message.protocolVersion === PROTOCOL_VERSION) {
          send({ type: 'run', protocolVersion: PROTOCOL_VERSION, order });
        } else {
          last = { state: 'failed', problem: reportVersion(message.protocolVersion) };
          subprocess.kill();
        }
        break;
      case 'progress':
        listener.onProgress(message.progress, message.peakMemoryBytes);
        break;
      case 'warning':
        listener.onWarning(message.message);
        break;
      default:
        last = toEnd(message);
    }
  });
  const ended = subprocess.then(({ exitCode, signal }) => {
    forget?.();
    if (last) return last;
    if (killed || ASKING.some((name) => name === signal)) return { state: 'killed' } as const;
    const words = readLogTail(log.file, logStart).join('\n');
    const forMemory = killsBefore !== null && (countMemoryKills() ?? 0) > killsBefore;
    const death = { exitCode, signal, words, forMemory, kills: killsBefore !== null };
    return { state: 'failed', problem: reportDeath(order, death) } as const;
  });
  return {
    ended,
    stop: () => send({ type: 'stop' }),
    kill: () => {
      killed = true;
      subprocess.kill('SIGKILL');
    },
  };
}

/** The last lines of a log, of what stands behind `from` (bytes). */
export function readLogTail(file: string, from = 0): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file).subarray(from).toString().trimEnd().split('\n').slice(-TAIL_LINES);
  return lines
    .map((line) => (line.length > TAIL_COLUMNS ? `${line.slice(0, TAIL_COLUMNS)} ...` : line))
    .filter((line, index) => line !== '' || index > 0);
}

/** One device and its share of the cores, in the words that native libraries know. */
function deviceEnvironment({ kind, cudaId, cores }: Device): { readonly [name: string]: string } {
  const threads = String(cores);
  return {
    OMP_NUM_THREADS: threads,
    // Its threads would fight for the cores with those of OpenMP, which torch computes on.
    OPENBLAS_NUM_THREADS: '1',
    MKL_NUM_THREADS: threads,
    CUDA_VISIBLE_DEVICES: kind === 'cuda' && cudaId ? cudaId : '',
  };
}

function toEnd(
  message: Extract<WorkerMessage, { type: 'done' | 'stopped' | 'failed' | 'crashed' }>,
): WorkerEnd {
  switch (message.type) {
    case 'done':
      return { state: 'done', result: message.result };
    case 'stopped':
      return { state: 'stopped' };
    case 'failed':
      return { state: 'failed', problem: message.problem };
    case 'crashed':
      return { state: 'failed', problem: recogniseFailure(message.message) ?? reportCrash(message.message) };
  }
}

function reportVersion(version: number): StageProblem {
  return {
    code: 'LAUNCH_PROTOCOL_VERSION',
    message: `Expected a worker of protocol version ${PROTOCOL_VERSION} but it speaks ${version}.`,
    hint: 'Build again: `npm run build`.',
  };
}

function reportCrash(message: string): StageProblem {
  return {
    code: 'STAGE_CRASHED',
    message: `Expected the stage to end or to name its problem but it threw: ${cut(message)}`,
    hint: 'This is a bug. Please report it with the log of the stage.',
  };
}

function cut(text: string): string {
  const line = text.split('\n')[0] ?? '';
  return line.length > TAIL_COLUMNS ? `${line.slice(0, TAIL_COLUMNS)} ...` : line;
}

interface Death {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** The end of its log. */
  readonly words: string;
  /** Whether the system counts its kills for want of memory, and has counted one meanwhile. */
  readonly kills: boolean;
  readonly forMemory: boolean;
}

function reportDeath({ stage, rank }: StageOrder, death: Death): StageProblem {
  const { exitCode, signal, words } = death;
  const who = rank ? `rank ${rank.rendezvous.rank} of ${stage.id}` : `the worker of ${stage.id}`;
  // Nobody has last words on SIGKILL: what stands there is of before.
  const said = signal === 'SIGKILL' ? undefined : recogniseFailure(words);
  if (said) return said;
  const rule = `Expected ${who} to report its end but it`;
  if (!signal) {
    const hint = 'The last lines of its log may say why.';
    return { code: 'LAUNCH_WORKER_DIED', message: `${rule} ended with exit code ${exitCode}.`, hint };
  }
  if (signal === 'SIGKILL' && death.forMemory) {
    return {
      code: 'LAUNCH_OUT_OF_MEMORY',
      message: `${rule} was killed by SIGKILL while the system killed for want of memory.`,
      hint: 'Lower batchSize, or use fewer workers with --devices cpu:N.',
    };
  }
  return {
    code: 'LAUNCH_WORKER_KILLED',
    message: `${rule} was killed by ${signal}.`,
    hint: explainSignal(signal, death),
  };
}

function explainSignal(signal: string, { kills }: Death): string {
  if (signal !== 'SIGKILL') return 'The last lines of its log may say why.';
  if (kills)
    return 'Nobody here sent it, and the system counts no kill for want of memory: a person or a job scheduler did.';
  return 'Nobody here sent it: often the system ran out of memory. Lower batchSize, or use fewer workers with --devices cpu:N.';
}
