// `moco report`: the report from what is on disk: the table here, everything in the run's report folder.

import path from 'node:path';
import { listSettings } from '../config/list-settings.ts';
import { ExitCode } from '../core/exit-code.ts';
import { compilePlan } from '../plan/compile-plan.ts';
import { collectReport } from '../report/collect-report.ts';
import { renderText } from '../report/render-text.ts';
import { reportFormats } from '../report/write-report.ts';
import { rememberRecords } from '../runs/remember-records.ts';
import { openRunStore } from '../runs/run-store.ts';
import { type ConfigOptions, loadUsableConfig } from './config-options.ts';
import { openInBrowser } from './open-in-browser.ts';

export interface ReportOptions extends ConfigOptions {
  readonly out: string;
  /** Prints this form, and writes nothing. */
  readonly format?: keyof typeof reportFormats;
  readonly open?: boolean;
}

/** Prints the table and writes the report; cells still to be run are pending. */
export async function report(file: string, options: ReportOptions): Promise<ExitCode> {
  const { experiment, explained } = loadUsableConfig(file, options);
  const store = rememberRecords(openRunStore(options.out, experiment.name));
  // Sizes of data sets change costs, never fingerprints: no need to look at the data.
  const graph = compilePlan({ ...experiment, settings: listSettings(explained) }, {});
  const collected = collectReport(graph, store);
  if (options.format) {
    process.stdout.write(reportFormats[options.format](collected));
    return ExitCode.done;
  }
  const { writeFullReport } = await import('../report/write-full-report.ts');
  const folder = store.folderOf('report');
  writeFullReport(folder, { graph, store, report: collected });
  const page = path.join(folder, 'report.html');
  process.stdout.write(`${renderText(collected)}\nReport:  ${path.relative('', page)}\n`);
  if (options.open) await openInBrowser(page);
  return ExitCode.done;
}
