// Compiles an experiment to its graph: one chain per method and trial, one report at the end.
// Pure and cheap: ten thousand stages take a fraction of a second.

import type { ResolvedExperiment } from '../config/resolved.ts';
import { ProblemError } from '../core/problem.ts';
import { deriveSeed } from '../core/rng.ts';
import { checkNames } from './check-names.ts';
import { compileChain, createStage } from './compile-chain.ts';
import { costBookkeeping } from './stage-cost.ts';
import type { DataSizes, Stage, StageGraph } from './stage-graph.ts';
import { identifyReport } from './stage-identity.ts';

/**
 * Compiles an experiment. Throws a ProblemError with every name that would share a folder.
 *
 * @param sizes of the data sets that only a survey can tell (see listUnsizedData); where one is
 *   absent, the costs that depend on it are null. Fingerprints never depend on sizes.
 */
export function compilePlan(experiment: ResolvedExperiment, sizes: DataSizes): StageGraph {
  checkNames(experiment);
  const trials = Array.from({ length: experiment.trials }, (_, index) => index + 1);
  const seeds = drawSeeds(experiment.seed, trials);
  const stages = experiment.methods.flatMap((method) =>
    trials.flatMap((trial) =>
      compileChain({ method, trial, seed: seeds[trial - 1]!, sizes }, experiment.evaluations),
    ),
  );
  // Without evaluations there is nothing to tabulate.
  if (experiment.evaluations.length === 0) return { experiment, stages };
  return { experiment, stages: [...stages, createReport(experiment, stages)] };
}

/** A seed a trial. Two that agree, one chance in millions, would be one trial counted twice. */
function drawSeeds(seed: number, trials: readonly number[]): number[] {
  const seeds = trials.map((trial) => deriveSeed(seed, 'trial', trial));
  const second = seeds.findIndex((each, index) => seeds.indexOf(each) < index);
  if (second < 0) return seeds;
  const first = seeds.indexOf(seeds[second]!);
  throw new ProblemError({
    code: 'PLAN_SEEDS_EQUAL',
    message: `Expected trials with seeds of their own but seed ${seed} gives trials ${first + 1} and ${second + 1} the same: ${seeds[second]}.`,
    hint: 'Give the experiment another seed.',
  });
}

function createReport(experiment: ResolvedExperiment, stages: readonly Stage[]): Stage {
  return createStage(
    {
      id: 'report',
      kind: 'report',
      config: { kind: 'report', experiment },
      identity: identifyReport(experiment),
      seed: experiment.seed,
      cost: costBookkeeping(),
    },
    stages.filter((stage) => stage.evaluation !== undefined),
  );
}
