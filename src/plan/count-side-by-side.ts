// How many stages that compute can run at the same time: more devices than that would stand idle. Counted
// from the graph alone, so that a run that goes on has the devices, and so the bits, of the first.

import type { StageGraph } from './stage-graph.ts';

/** A chain gives one while it trains, else as many as it has evaluations. At least 1. */
export function countSideBySide({ stages }: StageGraph): number {
  const chains = new Map<string, number>();
  for (const { method, trial, kind } of stages.filter(({ cost }) => cost.needsDevice)) {
    const chain = `${method}/${trial}`;
    // Its evaluations wait for it.
    const width = kind === 'pretrain' ? Number.NEGATIVE_INFINITY : 1;
    chains.set(chain, (chains.get(chain) ?? 0) + width);
  }
  return Math.max(
    1,
    [...chains.values()].reduce((sum, width) => sum + Math.max(1, width), 0),
  );
}
