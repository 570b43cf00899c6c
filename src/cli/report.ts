// `moco report`: the table from what is on disk.

import { ExitCode } from '../core/exit-code.ts';
import { compilePlan } from '../plan/compile-plan.ts';
import { collectReport } from '../report/collect-report.ts';
import { renderText } from '../report/render-text.ts';
import { reportFormats } from '../report/write-report.ts';
import { openRunStore } from '../runs/run-store.ts';
import { type ConfigOptions, loadUsableConfig } from './config-options.ts';

export interface ReportOptions extends ConfigOptions {
  readonly out: string;
  readonly format?: keyof typeof reportFormats;
}

/** Prints the report; cells still to be run are pending. */
export function report(file: string, options: ReportOptions): ExitCode {
  const { experiment } = loadUsableConfig(file, options);
  const store = openRunStore(options.out, experiment.name);
  // Sizes of data sets change costs, never fingerprints: no need to look at the data.
  const collected = collectReport(compilePlan(experiment, {}), store);
  process.stdout.write(options.format ? reportFormats[options.format](collected) : renderText(collected));
  return ExitCode.done;
}
