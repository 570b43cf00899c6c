// What will be done about a stage, and why. Runs decides from what is on disk; plan shows it.

import type { StageGraph, StageKind } from './stage-graph.ts';

export interface StageDecision {
  readonly state: 'up-to-date' | 'to-run' | 'not-selected';
  /** `up to date`, `never run`, `config changed: optimizer.lr 0.03 -> 0.06`, ... */
  readonly reason: string;
}

/** A decision for every stage of a graph, by id. */
export type StageDecisions = ReadonlyMap<string, StageDecision>;

/** Narrows decisions to the stages of some kinds and all that these need; the rest is not selected. */
export function selectStages(
  graph: StageGraph,
  decisions: StageDecisions,
  only: readonly StageKind[],
): StageDecisions {
  const wanted = new Set<string>();
  for (const stage of graph.stages.toReversed()) {
    if (!only.includes(stage.kind) && !wanted.has(stage.id)) continue;
    wanted.add(stage.id);
    for (const need of stage.needs) wanted.add(need);
  }
  const reason = `not selected: only ${only.join(', ')}`;
  return new Map(
    [...decisions].map(([id, decision]) => {
      const keep = wanted.has(id) || decision.state === 'up-to-date';
      return [id, keep ? decision : { state: 'not-selected', reason }];
    }),
  );
}
