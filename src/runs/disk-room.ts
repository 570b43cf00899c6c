// Full disks: what the system says of them as a problem, and how much room there is before anything is begun.

import { readdirSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Problem, ProblemError } from '../core/problem.ts';

const HINT =
  'Nothing that was finished is lost. Make room, then run again: it goes on from the last checkpoint.';

/** Runs what writes a file. Throws DISK_FULL where there is no room for it, anything else as it is. */
export function withRoom<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    const fact = code === 'ENOSPC' ? 'the disk is full' : 'the quota of this user is used up';
    throw new ProblemError({
      code: 'DISK_FULL',
      message: `Expected room to write ${file} but ${fact} (${code}).`,
      hint: HINT,
    });
  }
}

/**
 * The problem of a disk without room for what a stage will write.
 *
 * @param folder the stage's own; what it already holds counts as written
 * @param bytes  that the plan expects there, at most
 */
export function findLackOfRoom(folder: string, bytes: number): Problem | undefined {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const missing = bytes - measureFolder(folder);
  if (missing <= free) return undefined;
  return {
    code: 'DISK_FULL',
    message: `Expected ${formatMb(missing)} of room for ${folder}, as the plan says, but its disk has ${formatMb(free)}.`,
    hint: 'Make room, or give a folder on another disk with --out. checkpointing.keep: last keeps the fewest checkpoints.',
  };
}

function measureFolder(folder: string): number {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { name }) => sum + statSync(path.join(folder, name)).size, 0);
}

function formatMb(bytes: number): string {
  return `${(Math.max(0, bytes) / 1e6).toFixed(1)} MB`;
}
