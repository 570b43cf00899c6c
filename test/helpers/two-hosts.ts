// Two hosts on one machine, as the kernel can make them for root: each with its own network, address, name,
// processes and /dev/shm, joined by one cable. They see the same files.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

export const hostAddresses = ['10.213.77.1', '10.213.77.2'] as const;
const networks = hostAddresses.map((_, i) => `mocolab-${process.pid}-${i}`);
const cables = hostAddresses.map((_, i) => `moco${process.pid % 100_000}x${i}`);

/** Runs commands one after another; what the first that failed said. */
function tryAll(commands: readonly string[]): string | undefined {
  for (const command of commands) {
    const { status, stderr, error } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    if (status !== 0) return `\`${command}\`: ${stderr?.trim() || String(error)}`;
  }
  return undefined;
}

/** Plugs two hosts together; why that can't be done here, or nothing. */
export function openTwoHosts(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make hosts of namespaces';
  const failure = tryAll([
    ...networks.map((network) => `ip netns add ${network}`),
    `ip link add ${cables[0]} type veth peer name ${cables[1]}`,
    ...networks.flatMap((network, i) => [
      `ip link set ${cables[i]} netns ${network}`,
      `ip -n ${network} addr add ${hostAddresses[i]}/24 dev ${cables[i]}`,
      `ip -n ${network} link set lo up`,
      `ip -n ${network} link set ${cables[i]} up`,
      `${enter(i)} true`,
    ]),
  ]);
  if (failure) closeTwoHosts();
  return failure;
}

export function closeTwoHosts(): void {
  for (const network of networks) tryAll([`ip netns del ${network}`]);
}

/** The beginning of a command line that runs on a host. */
function enter(host: number): string {
  const inside = `hostname host-${host}; mount -t tmpfs tmpfs /dev/shm; exec "$@"`;
  return `ip netns exec ${networks[host]} unshare --pid --fork --kill-child --uts --mount-proc sh -c '${inside}' sh`;
}

/** How a command on a host ended, and all that it printed. */
export interface HostEnd {
  readonly code: number;
  readonly text: string;
}

interface Place {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command on a host. */
export async function runOnHost(
  host: number,
  command: readonly string[],
  { cwd, env }: Place,
): Promise<HostEnd> {
  const child = spawn('sh', ['-c', `exec ${enter(host)} "$@"`, 'sh', ...command], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const [code] = (await once(child, 'close')) as [number];
  return { code, text };
}

/** Local addresses, as the kernel writes them, on which somebody of these hosts listens or is connected. */
export function listOpenSockets(): string[] {
  return networks.flatMap((network) => {
    const command = `ip netns exec ${network} cat /proc/net/tcp /proc/net/tcp6`;
    const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    // 01: connected, 0A: listens.
    return [...stdout.matchAll(/^ *\d+: (\S+) \S+ (?:01|0A) /gm)].map((line) => line[1]!);
  });
}
