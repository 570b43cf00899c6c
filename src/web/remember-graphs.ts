// The graphs of experiments that were run, from their experiment.json. Compiling one of a thousand trials takes
// longer than drawing its page, so it is done again only where the file has changed.

import path from 'node:path';
import type { ResolvedExperiment } from '../config/resolved.ts';
import { ProblemError } from '../core/problem.ts';
import { compilePlan } from '../plan/compile-plan.ts';
import type { StageGraph } from '../plan/stage-graph.ts';
import { EXPERIMENT_FILE, readExperiment } from '../runs/experiment-file.ts';
import { rememberFiles } from './remember-files.ts';

/** What an experiment's folder says it is of. */
export type ExperimentReading =
  | { readonly state: 'none' }
  | { readonly state: 'ok'; readonly experiment: ResolvedExperiment; readonly graph: StageGraph }
  /** `cause`: sentences for people. */
  | { readonly state: 'unusable'; readonly experiment: ResolvedExperiment; readonly cause: string };

/** Reads or remembers what is run in an experiment's folder. */
export type ReadGraph = (folder: string) => ExperimentReading;

/** Stages of graphs that are kept; one takes about a kilobyte. */
const MAX_STAGES = 20_000;

/** Makes a reader that remembers. What it has not been asked for the longest goes first. */
export function rememberGraphs(): ReadGraph {
  const read = rememberFiles((file) => readGraph(path.dirname(file)), {
    max: MAX_STAGES,
    sizeOf: (reading) => (reading.state === 'ok' ? reading.graph.stages.length : 1),
  });
  return (folder) => read(path.join(folder, EXPERIMENT_FILE));
}

function readGraph(folder: string): ExperimentReading {
  const experiment = readExperiment(folder);
  if (!experiment) return { state: 'none' };
  try {
    return { state: 'ok', experiment, graph: compilePlan(experiment, {}) };
  } catch (error) {
    return { state: 'unusable', experiment, cause: tellCause(error) };
  }
}

/** Why there is no report, for people: what another version wrote may have any shape. */
export function tellCause(error: unknown): string {
  return error instanceof ProblemError
    ? error.problems.map(({ message }) => message).join(' ')
    : 'Another version of mocolab ran this: the next moco run of its file brings the table and the curves.';
}
