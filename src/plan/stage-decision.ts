// What will be done about a stage, and why. Runs decides from what is on disk; plan shows it.

import type { StageGraph, StageKind } from './stage-graph.ts';

export interface StageDecision {
  readonly state: 'up-to-date' | 'to-run' | 'not-selected' | 'unavailable';
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

/** Narrows decisions to one stage. */
export function selectStage(decisions: StageDecisions, wanted: string): StageDecisions {
  return runOnly(decisions, (id) => id === wanted, `only ${wanted}`);
}

/** Narrows decisions to the stages that failed, all that those need, and what then has all that it needs. */
export function selectFailed(
  graph: StageGraph,
  decisions: StageDecisions,
  failed: ReadonlySet<string>,
): StageDecisions {
  const wanted = new Set(failed);
  for (const { id, needs } of graph.stages.toReversed())
    if (wanted.has(id)) for (const need of needs) wanted.add(need);
  const isThere = (id: string) => wanted.has(id) || decisions.get(id)?.state === 'up-to-date';
  for (const { id, needs } of graph.stages)
    if (needs.some((need) => wanted.has(need)) && needs.every(isThere)) wanted.add(id);
  return runOnly(decisions, (id) => wanted.has(id), 'it had not failed');
}

/** Leaves out what would run and is not wanted. */
function runOnly(decisions: StageDecisions, isWanted: (id: string) => boolean, why: string): StageDecisions {
  return new Map(
    [...decisions].map(([id, decision]) => {
      const keep = isWanted(id) || decision.state !== 'to-run';
      return [id, keep ? decision : { state: 'not-selected', reason: `not selected: ${why}` }];
    }),
  );
}

/**
 * Takes out what this machine cannot run: `reasons` by stage id. What is up to date stays so.
 */
export function markUnavailable(
  decisions: StageDecisions,
  reasons: ReadonlyMap<string, string>,
): StageDecisions {
  return new Map(
    [...decisions].map(([id, decision]) => {
      const reason = decision.state === 'to-run' ? reasons.get(id) : undefined;
      return [id, reason === undefined ? decision : { state: 'unavailable', reason: `not run: ${reason}` }];
    }),
  );
}
