// What stages read must be there before the first of them starts.

import type { DataConfig } from '../config/schema/recipe.generated.ts';
import { collectProblems, type Problem, ProblemError } from '../core/problem.ts';
import { checkDataPresent } from '../data/open-dataset.ts';
import type { PlanView } from '../plan/plan-view.ts';

/** Checkpoints, and the data of the stages that will run, each looked at once. */
export function refuseMissingInputs(
  { graph, decisions }: Pick<PlanView, 'graph' | 'decisions'>,
  known: readonly Problem[],
): void {
  const needed = new Map<string, DataConfig>();
  for (const { id, config } of graph.stages) {
    const reads = config.kind === 'pretrain' || config.kind === 'lincls' || config.kind === 'knn';
    if (!reads || decisions.get(id)?.state !== 'to-run') continue;
    needed.set(JSON.stringify(config.recipe.data), config.recipe.data);
  }
  const missing = known.filter(({ code }) => code === 'PRETRAINED_FILE_MISSING');
  const problems = [
    ...missing,
    ...[...needed.values()].flatMap((data) => collectProblems(() => checkDataPresent(data))),
  ];
  const distinct = new Map(problems.map((problem) => [problem.message, problem]));
  if (distinct.size > 0) throw new ProblemError([...distinct.values()]);
}
