// Writes the table from the records on disk. Loads no engine.

import { compilePlan } from '../plan/compile-plan.ts';
import { collectReport } from '../report/collect-report.ts';
import { writeReport } from '../report/write-report.ts';
import { openExperimentFolder } from '../runs/run-store.ts';
import type { RunStage } from './stage-context.ts';

/** Leaves report.md, report.json and report.csv. */
export const runReport: RunStage<'report'> = async ({ config, folder, experimentFolder }) => {
  // Costs depend on the sizes of the data; fingerprints, which say what counts, do not.
  const graph = compilePlan(config.experiment, {});
  const outputs = writeReport(folder, collectReport(graph, openExperimentFolder(experimentFolder)));
  return { state: 'done', metrics: {}, outputs, images: 0, imagesPerSecond: null };
};
