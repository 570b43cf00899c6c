// What a run may leave behind that it should not.

import { readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** Names in the folder where shared memory with a name lies; a browser's are none of ours. */
export function listSharedMemory(): string[] {
  return readdirSync('/dev/shm').filter((name) => !/chromium/i.test(name));
}

/** Ids of the processes that work in a folder. */
export function listProcessesIn(folder: string): number[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.map(Number).filter((id) => readWorkingFolder(id) === folder);
}

function readWorkingFolder(id: number): string | undefined {
  try {
    return readlinkSync(`/proc/${id}/cwd`);
  } catch {
    return undefined; // Gone, or somebody else's.
  }
}

/** Locks, notes of workers and half-written files below a folder. */
export function listUnfinished(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /run\.lock|\.worker\.|\.tmp$/.test(path.basename(name)));
}
