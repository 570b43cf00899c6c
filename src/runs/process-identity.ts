// Tells whether a process that was noted down is still the same one. A pid alone is not enough:
// systems give it to another process later, so its start counts too.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** When a process started, in whatever form its system tells; null where there is none or it is unknown. */
export function readProcessStart(pid: number): string | null {
  try {
    if (process.platform === 'linux') return readLinuxStart(pid);
    if (process.platform === 'win32') return null;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

/**
 * True if the process with this pid runs, and started when it is said to have (null: not known). One that has
 * ended and that nobody has asked about yet (a zombie, as containers without an init keep them) does not run.
 */
export function isSameProcess(pid: number, start: string | null): boolean {
  if (!isRunning(pid) || isZombie(pid)) return false;
  const now = readProcessStart(pid);
  return start === null || now === null || now === start;
}

/** Clock ticks since the boot, and which boot. */
function readLinuxStart(pid: number): string {
  const ticks = readLinuxStat(pid)[19];
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${ticks}`;
}

/** The fields of stat from the third, the state, which stand after the name in brackets; the 22nd is the start. */
function readLinuxStat(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return ['Z', 'X'].includes(readLinuxStat(pid)[0]!);
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
