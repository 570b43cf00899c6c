// What the system says of memory: how many processes it has killed for want of it, and how much there may be.
// Linux counts both, for a control group where there is one, else for the whole machine.

import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Processes that were killed for want of memory since the boot; null where the system does not say. */
export function countMemoryKills(root = '/'): number | null {
  const counts = [
    readCount(path.join(findGroup(root), 'memory.events'), /^oom_kill (\d+)$/m),
    readCount(path.join(root, 'sys/fs/cgroup/memory/memory.oom_control'), /^oom_kill (\d+)$/m),
    readCount(path.join(root, 'proc/vmstat'), /^oom_kill (\d+)$/m),
  ].filter((count) => count !== null);
  return counts.length > 0 ? Math.max(...counts) : null;
}

/** Memory that this process and its workers may use together, in bytes. */
export function readMemoryLimit(root = '/'): number {
  const limits = [
    readCount(path.join(findGroup(root), 'memory.max'), /^(\d+)$/m),
    readCount(path.join(root, 'sys/fs/cgroup/memory/memory.limit_in_bytes'), /^(\d+)$/m),
    os.totalmem(),
  ].filter((limit) => limit !== null);
  return Math.min(...limits);
}

/** The folder of this process's control group (version 2), or the root of all where it says none. */
function findGroup(root: string): string {
  const groups = read(path.join(root, 'proc/self/cgroup')) ?? '';
  return path.join(root, 'sys/fs/cgroup', /^0::(.*)$/m.exec(groups)?.[1] ?? '');
}

function readCount(file: string, pattern: RegExp): number | null {
  const found = pattern.exec(read(file) ?? '')?.[1];
  return found === undefined ? null : Number(found);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
