// `moco engine install torch`: builds the addon for the libtorch that is there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ExitCode } from '../core/exit-code.ts';
import { locateScript } from '../core/own-script.ts';

export interface EngineInstallOptions {
  readonly libtorch?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly modest?: boolean;
}

/** Runs the install in a process of its own; what it prints is the user's to see. */
export async function installEngine(options: EngineInstallOptions): Promise<ExitCode> {
  const { path, execArgv } = locateScript(import.meta.url, '../worker/install-engine');
  const child = spawn(process.execPath, [...execArgv, path, JSON.stringify(options)], { stdio: 'inherit' });
  // Ctrl-C reaches the whole process group; the child's end is ours.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  process.off('SIGINT', ignore);
  if (signal === 'SIGINT') return ExitCode.interrupted;
  return code === 0 ? ExitCode.done : code === ExitCode.usage ? ExitCode.usage : ExitCode.bug;
}
