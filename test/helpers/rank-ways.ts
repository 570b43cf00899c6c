// The ways for tensors to travel between ranks, and which of them can't be tested on this machine.

import type { Transport } from '../../src/engine/collectives/collectives.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import type { RankPart } from './rank-process.ts';

export interface Way {
  readonly transport: Transport;
  /** An engine that has it. */
  readonly how: Pick<RankPart, 'engine' | 'only'>;
  /** Why its tests are skipped; absent: they run. */
  readonly missing?: string;
}

const addon = readInstalledAddon();
const withoutTorch = addon ? {} : { missing: 'the engine torch is not installed' };
const withoutGloo = addon?.glooModule ? {} : { missing: 'the engine torch was built without Gloo' };

export const ways: readonly Way[] = [
  { transport: 'tcp', how: { engine: 'cpu' } },
  { transport: 'shared memory', how: { engine: 'torch' }, ...withoutTorch },
  { transport: 'gloo', how: { engine: 'torch', only: 'gloo' }, ...withoutGloo, ...withoutTorch },
];
