// Which stage the ranks compute that another launcher has started. Every rank decides alike, from the file alone.

import { findNearest } from '../core/nearest.ts';
import { type Problem, ProblemError } from '../core/problem.ts';
import { isTraining, type Stage, type StageGraph } from '../plan/stage-graph.ts';

/** As many names as a message lists. */
const LISTED = 5;

/** Throws WORKER_STAGE_UNKNOWN, WORKER_OTHER_SIZE and WORKER_STAGE_UNCLEAR. */
export function chooseLaunchedStage(
  { stages, experiment }: StageGraph,
  { id, ranks }: { readonly id: string | undefined; readonly ranks: number },
): Stage {
  const trainings = stages.filter(isTraining);
  const fitting = trainings.filter(({ cost }) => cost.devices === ranks);
  if (id === undefined) {
    if (fitting.length === 1) return fitting[0]!;
    throw new ProblemError(explainUnclear(fitting, trainings, ranks));
  }
  const stage = trainings.find((each) => each.id === id);
  if (!stage) throw new ProblemError(explainUnknown(experiment.name, id, trainings));
  if (stage.cost.devices !== ranks) throw new ProblemError(explainSize(stage, ranks));
  return stage;
}

function explainUnknown(experiment: string, id: string, trainings: readonly Stage[]): Problem {
  const ids = trainings.map((stage) => stage.id);
  const nearest = findNearest(id, ids);
  return {
    code: 'WORKER_STAGE_UNKNOWN',
    message: `Expected --stage to name a training of ${experiment} but "${id}" is none.`,
    hint: nearest ? `Did you mean ${nearest}?` : `It has ${list(ids)}.`,
  };
}

function explainSize({ id, cost }: Stage, ranks: number): Problem {
  return {
    code: 'WORKER_OTHER_SIZE',
    message: `Expected as many ranks as ${id} takes devices, ${cost.devices}, but WORLD_SIZE is ${ranks}.`,
    hint: `Start ${cost.devices}. --devices-per-trial ${ranks} is another training, because BatchNorm and ShuffleBN work per device.`,
  };
}

function explainUnclear(fitting: readonly Stage[], trainings: readonly Stage[], ranks: number): Problem {
  const none = fitting.length === 0;
  const sizes = [...new Set(trainings.map(({ cost }) => cost.devices))].sort((a, b) => a - b);
  return {
    code: 'WORKER_STAGE_UNCLEAR',
    message: none
      ? `Expected a training on ${ranks} devices, as WORLD_SIZE says, but those of the file take ${sizes.join(' or ') || 'none'}.`
      : `Expected --stage because ${fitting.length} trainings of the file take ${ranks} devices, as WORLD_SIZE says.`,
    hint: none
      ? `--devices-per-trial ${ranks} is another training, because BatchNorm and ShuffleBN work per device.`
      : `They are ${list(fitting.map(({ id }) => id))}.`,
  };
}

function list(ids: readonly string[]): string {
  const more = ids.length > LISTED ? ` and ${ids.length - LISTED} more` : '';
  return `${ids.slice(0, LISTED).join(', ')}${more}`;
}
