// Which training of a file `moco verify-resume` proves, and the stages that have to run before it.

import { ProblemError } from '../core/problem.ts';
import { isTraining, type Stage, type StageConfig, type StageGraph } from '../plan/stage-graph.ts';
import type { PreparedPlan } from './prepare-plan.ts';

export interface Chosen {
  /** Of the first trial, of kind pretrain or lincls. */
  readonly stage: Stage;
  /** What it needs, in order. */
  readonly before: readonly Stage[];
}

/** What is asked for; the first pre-training where nothing is, else the first linear classification. */
export interface Wanted {
  readonly method?: string;
  readonly evaluation?: string;
}

/** Throws VERIFY_NOTHING and whatever is missing. */
export function chooseVerified({ graph, inputProblems }: PreparedPlan, wanted: Wanted): Chosen {
  if (inputProblems.length > 0) throw new ProblemError(inputProblems);
  const { method, evaluation } = wanted;
  const trainings = graph.stages.filter((stage) => stage.trial === 1 && isTraining(stage));
  const chosen = ['pretrain', 'lincls']
    .flatMap((kind) => trainings.filter((stage) => stage.kind === kind))
    .find(
      (stage) =>
        (method === undefined || stage.method === method) &&
        (evaluation === undefined || stage.evaluation === evaluation),
    );
  if (!chosen) throw new ProblemError(reportNothing(trainings, wanted));
  const needed = chosen.needs.map((id) => graph.stages.find((stage) => stage.id === id)!);
  return { stage: chosen, before: needed.map((stage) => startAtInitialisation(stage, graph)) };
}

/** A classifier goes on alike on any encoder: where one would have to be trained first, an untrained one does. */
function startAtInitialisation(stage: Stage, { stages }: StageGraph): Stage {
  const { config } = stage;
  if (config.kind !== 'extract' && config.kind !== 'sanity-check') return stage;
  if (config.from.kind !== 'pretrain') return stage;
  const isPretrain = (id: string) => stages.some((each) => each.id === id && each.kind === 'pretrain');
  return {
    ...stage,
    needs: stage.needs.filter((id) => !isPretrain(id)),
    config: { ...config, from: { kind: 'initialisation' } } as StageConfig,
  };
}

function reportNothing(trainings: readonly Stage[], { method, evaluation }: Wanted) {
  const what = evaluation === undefined ? 'a training' : `the linear classification ${evaluation}`;
  const has = trainings.map(({ id }) => id.replace('/trial-1/', '/')).join(', ');
  return {
    code: 'VERIFY_NOTHING',
    message: `Expected ${what}${method === undefined ? '' : ` of ${method}`} in the file but it has ${has === '' ? 'none' : has}.`,
    hint: 'Give a recipe of kind pretrain or lincls, or an experiment, and which of its trainings with --method and --evaluation.',
  };
}
