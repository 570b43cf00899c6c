// Which stages could start: those whose needs are all done. Kept up to date from end to end, so that a graph of
// ten thousand stages is not searched after each.

import type { StageDecision, StageDecisions } from '../plan/stage-decision.ts';
import type { Stage } from '../plan/stage-graph.ts';

export interface Readiness {
  /** Stages that could start, in the graph's order. */
  list(): readonly Stage[];
  /** A stage is done: what waited for it alone is ready. */
  finish(stage: Stage): void;
  /** A stage starts, or never will. */
  remove(stage: Stage): void;
  /** A stage that was ready before is so again. */
  add(stage: Stage): void;
}

/** @param waiting the stages that are to run */
export function trackReadiness(
  stages: readonly Stage[],
  waiting: ReadonlySet<Stage>,
  decisions: StageDecisions,
): Readiness {
  const order = new Map(stages.map((stage, i) => [stage, i]));
  const unmet = new Map<Stage, number>();
  const dependents = new Map<string, Stage[]>();
  const ready = new Set<Stage>();
  for (const stage of waiting) {
    const needs = stage.needs.filter((need) => !isSettled(decisions.get(need)?.state));
    unmet.set(stage, needs.length);
    if (needs.length === 0) ready.add(stage);
    for (const need of needs) {
      const known = dependents.get(need);
      if (known) known.push(stage);
      else dependents.set(need, [stage]);
    }
  }
  return {
    list: () => [...ready].sort((a, b) => order.get(a)! - order.get(b)!),
    finish: ({ id }) => {
      for (const stage of dependents.get(id) ?? []) {
        const left = unmet.get(stage)! - 1;
        unmet.set(stage, left);
        if (left === 0 && waiting.has(stage)) ready.add(stage);
      }
    },
    remove: (stage) => void ready.delete(stage),
    add: (stage) => void ready.add(stage),
  };
}

/** Nobody waits for it: it holds, or cannot be had here, and then the table has an open cell. */
function isSettled(state: StageDecision['state'] | undefined): boolean {
  return state === 'up-to-date' || state === 'unavailable';
}
