// A graph with what is known about it from disk: what the renderers show.

import type { StageDecision, StageDecisions } from './stage-decision.ts';
import type { Stage, StageGraph } from './stage-graph.ts';

export interface PlanView {
  readonly graph: StageGraph;
  readonly decisions: StageDecisions;
  /** Expected time of each stage in ms, by id; null or absent where no earlier run allows an estimate. */
  readonly estimates: ReadonlyMap<string, number | null>;
}

/** Sums over the stages that will run. */
export interface PlanTotals {
  readonly stages: number;
  readonly toRun: number;
  readonly upToDate: number;
  readonly notSelected: number;
  readonly unavailable: number;
  readonly steps: number;
  readonly images: number;
  readonly diskBytes: number;
  /** Computing time one stage after another; stages side by side take less. */
  readonly estimatedMs: number;
  /** Stages to run whose images or steps are unknown until the data has been found. */
  readonly withoutSize: number;
  /** Stages to run that compute and have no estimate. */
  readonly withoutEstimate: number;
}

/** What will be done about a stage. Throws for a stage that nobody decided about: a bug. */
export function getDecision({ decisions }: Pick<PlanView, 'decisions'>, stage: Stage): StageDecision {
  const decision = decisions.get(stage.id);
  if (!decision) throw new Error(`No decision about stage ${stage.id}.`);
  return decision;
}

/** Sums up a plan. */
export function sumPlan(view: PlanView): PlanTotals {
  const { stages } = view.graph;
  const countState = (state: StageDecision['state']) =>
    stages.filter((stage) => getDecision(view, stage).state === state).length;
  const running = stages.filter((stage) => getDecision(view, stage).state === 'to-run');
  const sum = (measure: (stage: Stage) => number | null | undefined) =>
    running.reduce((total, stage) => total + (measure(stage) ?? 0), 0);
  return {
    stages: stages.length,
    toRun: running.length,
    upToDate: countState('up-to-date'),
    notSelected: countState('not-selected'),
    unavailable: countState('unavailable'),
    steps: sum((stage) => stage.cost.steps),
    images: sum((stage) => stage.cost.images),
    diskBytes: sum((stage) => stage.cost.diskBytes),
    estimatedMs: sum((stage) => view.estimates.get(stage.id)),
    withoutSize: running.filter((stage) => stage.cost.images === null).length,
    withoutEstimate: running.filter(
      (stage) => stage.cost.devices > 0 && (view.estimates.get(stage.id) ?? null) === null,
    ).length,
  };
}

/** A stage's name beside another one: without method and trial where these are the same. */
export function shortenStageId(id: string, besideId: string): string {
  const folder = besideId.slice(0, besideId.lastIndexOf('/') + 1);
  return folder !== '' && id.startsWith(folder) ? id.slice(folder.length) : id;
}
