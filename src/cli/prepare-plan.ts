// From a loaded experiment to its graph with sizes: looks at the data on disk where only that tells how
// many images there are.

import { checkQueueAgainstData } from '../config/check-recipe.ts';
import type { ResolvedExperiment } from '../config/resolved.ts';
import { type Problem, ProblemError } from '../core/problem.ts';
import { surveyData } from '../data/open-dataset.ts';
import { compilePlan } from '../plan/compile-plan.ts';
import { dataKey, listUnsizedData } from '../plan/data-size.ts';
import type { PlanView } from '../plan/plan-view.ts';
import { markUnavailable, selectStages } from '../plan/stage-decision.ts';
import type { DataSizes, StageGraph, StageKind } from '../plan/stage-graph.ts';
import { decideStages } from '../runs/decide-stages.ts';
import { estimateDurations } from '../runs/estimate-durations.ts';
import { readRecords } from '../runs/read-records.ts';
import type { RunStore } from '../runs/run-store.ts';

/** A graph, and which inputs are not there: data, whose stages then have no sizes, and checkpoints. */
export interface PreparedPlan {
  readonly graph: StageGraph;
  readonly inputProblems: readonly Problem[];
}

/** Surveys the data and compiles. Throws PLAN_* problems and sizes that cannot work. */
export function preparePlan(experiment: ResolvedExperiment): PreparedPlan {
  const sizes: { [key: string]: DataSizes[string] } = {};
  const inputProblems: Problem[] = findMissingCheckpoints(experiment);
  for (const data of listUnsizedData(experiment)) {
    try {
      sizes[dataKey(data)] = surveyData(data);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      inputProblems.push(...error.problems);
    }
  }
  refuseQueues(experiment, sizes);
  return { graph: compilePlan(experiment, sizes), inputProblems };
}

/** What is to be done about each stage, and how long it may take. */
export function viewPlan(
  graph: StageGraph,
  store: RunStore,
  {
    only,
    unavailable,
  }: {
    readonly only?: readonly StageKind[] | undefined;
    readonly unavailable: ReadonlyMap<string, string>;
  },
): PlanView {
  const decided = markUnavailable(decideStages(graph, store), unavailable);
  return {
    graph,
    decisions: only ? selectStages(graph, decided, only) : decided,
    estimates: estimateDurations(graph, readRecords(store)),
  };
}

function findMissingCheckpoints({ methods }: ResolvedExperiment): Problem[] {
  return methods.flatMap(({ name, recipe, checkpointSha256 }) => {
    const checkpoint = recipe.method === 'pretrained' ? recipe.checkpoint : recipe.resume;
    if (checkpoint === undefined || checkpointSha256 !== undefined) return [];
    return {
      code: 'PRETRAINED_FILE_MISSING',
      message: `Expected the checkpoint of ${name} at ${checkpoint} but there is no such file.`,
      hint: 'Check the path; relative ones count from the folder in which the command was started.',
    };
  });
}

/** Sizes that only the survey could tell; the others were checked with the file. */
function refuseQueues({ methods }: ResolvedExperiment, sizes: DataSizes): void {
  const problems = methods.flatMap(({ name, recipe }) => {
    const size = sizes[dataKey(recipe.data)];
    if (recipe.method !== 'moco' || !size) return [];
    return checkQueueAgainstData(recipe, size.train, `methods.${name}.`).problems;
  });
  if (problems.length > 0) throw new ProblemError(problems);
}
