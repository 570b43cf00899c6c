// Gives each device of a stage its rank, and the ranks a place to meet: a free port of this machine's own
// loopback, which this process holds, and a secret, so that two jobs at once never meet.

import { openMeetingPlace } from '../engine/collectives/rendezvous/meeting-place.ts';
import type { Stage } from '../plan/stage-graph.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { Device } from './device-pool.ts';
import type { RankPlace } from './protocol.ts';
import { type GroupOptions, type RankGroup, startRanks } from './rank-group.ts';

export interface StageProcessesOptions extends Omit<GroupOptions, 'members'> {
  readonly devices: readonly Device[];
  /** The one process's place among ranks that another launcher has started; absent: there are no others. */
  readonly place?: RankPlace;
}

/** What a stage is told, wherever it runs, beside the folder that it may write to. */
export function locateStage(store: RunStore, stage: Stage): Omit<GroupOptions['order'], 'folder'> {
  return {
    stage,
    inputFolders: Object.fromEntries(stage.needs.map((need) => [need, store.folderOf(need)])),
    experimentFolder: store.folder,
  };
}

/** Starts a stage: one process a device. Several meet first; a single one has none to meet unless it has a place. */
export function startStageProcesses({ devices, place, ...options }: StageProcessesOptions): RankGroup {
  if (devices.length === 1) {
    return startRanks({ ...options, members: [{ device: devices[0]!, ...(place ? { place } : {}) }] });
  }
  const group = startTogether(devices, options);
  return {
    ended: group.then(({ ended }) => ended),
    stop: () => void group.then(({ stop }) => stop()),
    kill: () => void group.then(({ kill }) => kill()),
  };
}

async function startTogether(
  devices: readonly Device[],
  options: Omit<GroupOptions, 'members'>,
): Promise<RankGroup> {
  const timeoutMs = options.stallTimeoutMs;
  const ranks = devices.length;
  const { host, port, token, close } = await openMeetingPlace({ ranks, timeoutMs });
  const members = devices.map((device, rank) => ({
    device,
    place: { rendezvous: { host, port, token, rank, ranks, heldByRank0: false }, timeoutMs },
  }));
  const group = startRanks({ ...options, members });
  return { ...group, ended: group.ended.finally(close) };
}
