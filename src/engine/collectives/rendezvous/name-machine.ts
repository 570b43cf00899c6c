// Which ranks can share memory: those that see each other's processes. A host name does not tell: two machines may
// have the same, and two containers of one machine see different processes.

import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

/** The running kernel, and the processes that this one sees of it; elsewhere than on Linux, the host's name. */
export function nameMachine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return os.hostname();
  }
}
