// Computes reference cases in a process of its own and gathers what it sends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ExitCode } from '../core/exit-code.ts';
import { locateScript } from '../core/own-script.ts';
import type { CaseResult } from '../parity/comparison.ts';
import type { EngineDescription, ParityMessage } from '../parity/parity-message.ts';

/** The cases that come with the program, quickest first. */
export const SHIPPED_CASES: readonly string[] = [
  'augment',
  'moco_quick_r18',
  'lincls_r18',
  'moco_v1_r18',
  'moco_v2_r18',
  'moco_v2_r18_2ranks',
  'moco_v1_r18_4ranks',
  'moco_v1_r50',
].map((name) => fileURLToPath(new URL(`../../test/fixtures/parity/${name}.json`, import.meta.url)));

/** One of seconds, for a first proof of an engine. */
export const QUICK_CASE = SHIPPED_CASES[1]!;

export interface ParityRun {
  /** Of the process: done, or what it ended with after it had explained itself on stderr. */
  readonly code: ExitCode;
  /** Absent where the engine did not start. */
  readonly engine?: EngineDescription;
  readonly results: readonly CaseResult[];
}

/** Computes cases one after the other; `onResult` is told each as it comes. */
export async function computeParity(
  engine: string,
  files: readonly string[],
  onMessage: (message: ParityMessage) => void = () => {},
): Promise<ParityRun> {
  const { path, execArgv } = locateScript(import.meta.url, '../worker/run-parity');
  // 'advanced' keeps NaN, which JSON has no word for.
  const child = spawn(process.execPath, [...execArgv, path, engine, ...files], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const messages: ParityMessage[] = [];
  child.on('message', (message: ParityMessage) => {
    messages.push(message);
    onMessage(message);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal) process.stderr.write(`The process that computes was ended by ${signal}.\n`);
  const started = messages.find((message) => message.type === 'engine');
  return {
    code: code === 0 ? ExitCode.done : code === ExitCode.usage ? ExitCode.usage : ExitCode.bug,
    ...(started ? { engine: started.description } : {}),
    results: messages.flatMap((message) => (message.type === 'case' ? [message.result] : [])),
  };
}
