// One program under test as a process that trains when it is told to, so that several can take turns.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Parts of a step in ms. */
export interface Where {
  readonly convolution: number;
  readonly batchNorm: number;
  /** Of what else the native engine does. */
  readonly rest: number;
  readonly javascript: number;
}

/** How to start a contender. */
export interface ContenderSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment of this process. */
  readonly env: { readonly [name: string]: string };
}

export interface Contender {
  readonly name: string;
  /** What it said of itself when it was ready. */
  readonly ready: { readonly [key: string]: unknown };
  /** `cpuMs`: CPU time of a step, all threads. */
  run(
    steps: number,
  ): Promise<{ readonly timesMs: readonly number[]; readonly cpuMs: number; readonly loss: number }>;
  /** Ends it; the peak of its memory, and of ours where the time of a step goes, in ms. */
  stop(): Promise<{ readonly peakBytes: number; readonly where?: Where }>;
}

/** Starts a contender and waits until it is ready. Throws what it printed where it ends instead. */
export async function startContender({ name, command, args, env }: ContenderSpec): Promise<Contender> {
  const child = spawn(command, [...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const next = readAnswers(child, name);
  const ask = async (line: string) => {
    child.stdin!.write(`${line}\n`);
    return next();
  };
  return {
    name,
    ready: await next(),
    run: async (steps) => (await ask(`run ${steps}`)) as never,
    stop: async () => (await ask('stop')) as never,
  };
}

/** One JSON line after another; rejects with the end of stderr where the process ends. */
function readAnswers(child: ChildProcess, name: string): () => Promise<{ [key: string]: unknown }> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  let errors = '';
  child.stderr!.on('data', (text: Buffer) => {
    errors = `${errors}${text}`.slice(-2000);
  });
  const failed = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`${name} ended with code ${code}: ${errors}`)));
  });
  failed.catch(() => {}); // Seen by whoever waits for an answer.
  return async () => {
    for (;;) {
      const { value, done } = await Promise.race([lines.next(), failed]);
      if (done) return failed;
      if (value.startsWith('{')) return JSON.parse(value);
    }
  };
}
