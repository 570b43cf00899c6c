// Writes the table and all that belongs to it from the records on disk. Loads no engine.

import { compilePlan } from '../plan/compile-plan.ts';
import { collectReport } from '../report/collect-report.ts';
import { writeFullReport } from '../report/write-full-report.ts';
import { rememberRecords } from '../runs/remember-records.ts';
import { openExperimentFolder } from '../runs/run-store.ts';
import type { RunStage } from './stage-context.ts';

/** Leaves report.html, .md, .tex, .json, .csv and figures/. */
export const runReport: RunStage<'report'> = async ({ config, folder, experimentFolder }) => {
  // Costs depend on the sizes of the data; fingerprints, which say what counts, do not.
  const graph = compilePlan(config.experiment, {});
  const store = rememberRecords(openExperimentFolder(experimentFolder));
  const outputs = writeFullReport(folder, { graph, store, report: collectReport(graph, store) });
  return { state: 'done', metrics: {}, outputs, images: 0, imagesPerSecond: null };
};
