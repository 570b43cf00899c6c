// `moco engine install torch`: builds the addon for the libtorch that is there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ExitCode } from '../core/exit-code.ts';
import { locateScript } from '../core/own-script.ts';

/** Runs the install in a process of its own; what it prints is the user's to see. */
export async function installEngine({ libtorch }: { readonly libtorch?: string }): Promise<ExitCode> {
  const { path, execArgv } = locateScript(import.meta.url, '../worker/install-engine');
  const child = spawn(process.execPath, [...execArgv, path, ...(libtorch ? [libtorch] : [])], {
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0 ? ExitCode.done : code === ExitCode.usage ? ExitCode.usage : ExitCode.bug;
}
