// Runs the real command line from the sources, as a process of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { RunEvent } from '../../src/core/events.ts';
import { locateScript } from '../../src/core/own-script.ts';

const main = locateScript(pathToFileURL(path.resolve('src/here.ts')).href, './main');

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string };
  /** In a process group of its own, with its workers. */
  readonly ownGroup?: boolean;
}

export interface CliResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line at work. */
export interface RunningCli {
  readonly process: ChildProcess;
  readonly ended: Promise<CliResult>;
}

export function startCli(
  args: readonly string[],
  { cwd, env = {}, ownGroup = false }: CliOptions = {},
): RunningCli {
  const child = spawn(process.execPath, [...main.execArgv, main.path, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', CI: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (part: string) => {
      texts[name] += part;
    });
  }
  const ended = new Promise<CliResult>((resolve) => {
    child.on('close', (code) => resolve({ code, ...texts }));
  });
  return { process: child, ended };
}

export function runCli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  return startCli(args, options).ended;
}

/** Resolves with the first event of `moco run --json` that fits. Rejects where the run ends without one. */
export function waitForEvent(cli: RunningCli, fits: (event: RunEvent) => boolean): Promise<RunEvent> {
  return new Promise((resolve, reject) => {
    createInterface({ input: cli.process.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as RunEvent;
      if (fits(event)) resolve(event);
    });
    cli.ended.then((result) => reject(new Error(`It ended: ${JSON.stringify(result)}`)));
  });
}
