// `moco engine install torch|tensorflow`: sets up a native engine, and proves it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ExitCode } from '../core/exit-code.ts';
import { locateScript } from '../core/own-script.ts';

export interface EngineInstallOptions {
  readonly gpu?: boolean;
  readonly libtensorflow?: string;
  readonly libtorch?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly modest?: boolean;
}

/** Runs the install in a process of its own; what it prints is the user's to see. */
export async function installEngine(
  name: 'torch' | 'tensorflow',
  options: EngineInstallOptions,
): Promise<ExitCode> {
  const { path, execArgv } = locateScript(import.meta.url, '../worker/install-engine');
  const child = spawn(process.execPath, [...execArgv, path, JSON.stringify({ ...options, name })], {
    stdio: 'inherit',
  });
  // Ctrl-C reaches the whole process group; the child's end is ours.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  process.off('SIGINT', ignore);
  if (signal === 'SIGINT') return ExitCode.interrupted;
  if (code !== 0) return code === ExitCode.usage ? ExitCode.usage : ExitCode.bug;
  if (name === 'torch') return ExitCode.done;
  return (await import('./parity.ts')).parity([], { engine: name, quick: true });
}
