// How many devices the stages that compute can use at the same time: more than that would stand idle. Counted
// from the graph alone, so that a run that goes on has the devices, and so the bits, of the first.

import type { Stage, StageGraph } from './stage-graph.ts';

/** What its training takes, and its widest evaluation; a chain without a training, all of its evaluations. At least 1. */
export function countSideBySide({ stages }: StageGraph): number {
  const chains = new Map<string, Stage[]>();
  for (const stage of stages) {
    const chain = `${stage.method}/${stage.trial}`;
    chains.set(chain, [...(chains.get(chain) ?? []), stage]);
  }
  return Math.max(
    1,
    [...chains.values()].reduce((sum, chain) => sum + countDevices(chain), 0),
  );
}

function countDevices(chain: readonly Stage[]): number {
  const devices = chain.map(({ cost }) => cost.devices);
  // Its evaluations wait for it.
  if (chain.some(({ kind }) => kind === 'pretrain')) return Math.max(...devices);
  return devices.reduce((sum, count) => sum + count, 0);
}
