// Runs another program for a stage: each line it prints goes to the stage's log and to who asked. Where the
// stage is asked to stop, the program is; where this process ends, it ends too.

import { execa } from 'execa';
import type { RunCommand } from '../stages/stage-context.ts';

/** Time between asking a program to end and making it. */
const GRACE_MS = 10_000;

/** The program's end; what it lacks to start is an end too. */
export const runCommand: RunCommand = async (command, args, { cwd, stop, onLine }) => {
  const subprocess = execa(command, [...args], {
    cwd,
    all: true,
    buffer: false,
    stdin: 'ignore',
    reject: false,
    cancelSignal: stop,
    forceKillAfterDelay: GRACE_MS,
    env: { PYTHONUNBUFFERED: '1' },
  });
  for await (const line of subprocess.iterable({ from: 'all' })) {
    process.stdout.write(`${line}\n`);
    onLine(line);
  }
  const { exitCode, signal, isCanceled, originalMessage } = await subprocess;
  if (isCanceled) return { state: 'stopped' };
  if (exitCode === 0) return { state: 'done' };
  const how = signal
    ? `was ended by ${signal}`
    : exitCode === undefined
      ? `did not start: ${originalMessage}`
      : `ended with exit code ${exitCode}`;
  return { state: 'failed', how };
};
