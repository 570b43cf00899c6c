// Gives each device of a stage its rank, and the ranks a place to meet: a free port of this machine's own
// loopback and a secret, so that two jobs at once never meet.

import { randomBytes } from 'node:crypto';
import type { Device } from './device-pool.ts';
import type { GroupOptions } from './rank-group.ts';

/** One rank a device; a single device has none to meet. */
export function placeRanks(devices: readonly Device[], timeoutMs: number): GroupOptions['members'] {
  if (devices.length === 1) return [{ device: devices[0]! }];
  const token = randomBytes(16).toString('hex');
  return devices.map((device, rank) => ({
    device,
    place: { rank, ranks: devices.length, host: '127.0.0.1', port: 0, token, timeoutMs },
  }));
}
