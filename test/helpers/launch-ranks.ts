// Starts `moco worker` for each rank from a line of shell, as srun and other launchers do.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { locateScript } from '../../src/core/own-script.ts';

const main = locateScript(pathToFileURL(path.resolve('src/here.ts')).href, './main');

/** The words of the command `moco`, from the sources. */
export const moco = [process.execPath, ...main.execArgv, main.path];

/** Signals are for the ranks: the shell waits for their ends. */
const SCRIPT = `
trap '' USR1 TERM
rank=0
while [ $rank -lt $WORLD_SIZE ]; do
  (RANK=$rank LOCAL_RANK=$rank "$@" > rank-$rank.txt 2>&1; echo $? > rank-$rank.code) &
  rank=$((rank + 1))
done
wait
`;

/** What each rank printed, and its exit code. */
export interface LaunchedEnd {
  readonly code: number;
  readonly text: string;
}

export interface LaunchedRanks {
  readonly process: ChildProcess;
  readonly ended: Promise<LaunchedEnd[]>;
}

/** Two ranks on this machine, at work in a folder, in a process group of their own. */
export function startLaunched(port: number, args: readonly string[], folder: string): LaunchedRanks {
  const place = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${port}`, WORLD_SIZE: '2', LOCAL_WORLD_SIZE: '2' };
  const child = spawn('sh', ['-c', SCRIPT, 'sh', ...moco, 'worker', ...args], {
    cwd: folder,
    // Temporary files too, so that what stays is seen.
    env: { ...process.env, NO_COLOR: '1', TMPDIR: folder, ...place },
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(child, 'close').then(() =>
    [0, 1].map((rank): LaunchedEnd => {
      const read = (ending: string) => readFileSync(path.join(folder, `rank-${rank}.${ending}`), 'utf8');
      return { code: Number(read('code')), text: read('txt') };
    }),
  );
  return { process: child, ended };
}

/** A port on which nobody listens. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
