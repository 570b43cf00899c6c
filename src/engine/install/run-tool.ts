// Runs a program of others (cmake, apt-get, pip) and passes on the lines of its output that tell how far it is.

import { type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** How a program ended. */
export interface ToolEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Everything it said, the last lines of a long text. */
  readonly lines: readonly string[];
}

const KEPT_LINES = 400;

/** Starts it and waits. Throws where it can't be started. */
export async function runTool(
  command: readonly string[],
  onLine: (line: string) => void,
  options: SpawnOptions = {},
): Promise<ToolEnd> {
  const [file, ...args] = command as [string, ...string[]];
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout!, child.stderr!])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine(line);
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, lines }));
  });
}

/** The first program of this name on the PATH; undefined where there is none. */
export function findProgram(name: string, { PATH = '' }: NodeJS.ProcessEnv): string | undefined {
  const places = path.isAbsolute(name)
    ? [name]
    : PATH.split(path.delimiter).map((folder) => path.join(folder, name));
  return places.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
