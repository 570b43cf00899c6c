// A plan as JSON for programs: what `moco plan --format json` prints.

import { getDecision, type PlanView, sumPlan } from './plan-view.ts';

/** Renders a plan as JSON, stages in dependency order. Ends with a line break. */
export function renderJson(view: PlanView): string {
  const { experiment, stages } = view.graph;
  const plan = {
    experiment: experiment.name,
    file: experiment.file,
    stages: stages.map((stage) => {
      const { id, kind, method, trial, evaluation, needs, seed, cost, fingerprint } = stage;
      const estimatedMs = view.estimates.get(id) ?? null;
      const { state, reason } = getDecision(view, stage);
      return {
        id,
        kind,
        method,
        trial,
        evaluation,
        needs,
        state,
        reason,
        seed,
        ...cost,
        estimatedMs,
        fingerprint,
      };
    }),
    totals: sumPlan(view),
    fidelity: experiment.fidelity ?? [],
  };
  return `${JSON.stringify(plan, null, 2)}\n`;
}
