// `moco run`: everything that is not up to date, then the table.

import path from 'node:path';
import { listSettings } from '../config/list-settings.ts';
import type { ResolvedExperiment } from '../config/resolved.ts';
import type { ExitCode } from '../core/exit-code.ts';
import { examineAddon } from '../engine/torch/addon-file.ts';
import { runExperiment } from '../launch/run-experiment.ts';
import { createJsonUi } from '../launch/ui/json.ts';
import { createPlainUi } from '../launch/ui/plain.ts';
import type { Ui } from '../launch/ui/ui.ts';
import type { PlanView } from '../plan/plan-view.ts';
import { collectReport } from '../report/collect-report.ts';
import { renderText } from '../report/render-text.ts';
import { openRunStore, type RunStore } from '../runs/run-store.ts';
import { chooseDevices, listEngines, refuseTooFewDevices } from './choose-devices.ts';
import { chooseExitCode } from './choose-exit-code.ts';
import { loadUsableConfig } from './config-options.ts';
import { findUnavailable } from './find-unavailable.ts';
import { listenForSignals } from './listen-for-signals.ts';
import { locateWorker } from './locate-worker.ts';
import { type PlanOptions, plan as printPlan } from './plan.ts';
import { preparePlan, viewPlan } from './prepare-plan.ts';
import { refuseMissingInputs } from './refuse-missing-inputs.ts';
import { trackRun } from './track-run.ts';

export interface RunOptions extends Omit<PlanOptions, 'format'> {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly retryFailed?: boolean;
}

/** Runs a file. Throws everything that is wrong before a stage starts. */
export async function run(file: string, options: RunOptions): Promise<ExitCode> {
  if (options.dryRun) return printPlan(file, { ...options, format: 'tree' });
  const { experiment, overrides, explained } = loadUsableConfig(file, options);
  // The report tells of every setting who set it.
  const { graph, inputProblems } = preparePlan({ ...experiment, settings: listSettings(explained) });
  const store = openRunStore(options.out, experiment.name);
  const unavailable = findUnavailable(graph);
  const view = viewPlan(graph, store, { only: options.only, unavailable });
  refuseMissingInputs(view, inputProblems);
  const devices = chooseDevices(graph);
  refuseTooFewDevices(view, devices);
  if (!options.json) hintAtTorch(experiment, view);
  const ui = await createUi(options, countChains(view));
  const signals = listenForSignals(1000 * experiment.launch.preemptionGrace);
  const tracked = await trackRun({ graph, store, emit: ui.onEvent, signals });
  const summary = await runExperiment({
    graph,
    store,
    devices,
    ...(options.only ? { only: options.only } : {}),
    ...(options.retryFailed ? { retryFailed: true } : {}),
    unavailable,
    overrides,
    command: ['moco', ...process.argv.slice(2)].join(' '),
    worker: locateWorker(),
    emit: tracked.emit,
    stop: signals.stop,
    kill: signals.kill,
  });
  await ui.close();
  await tracked.close();
  signals.close();
  if (!options.json) process.stdout.write(renderOutcome(view, store));
  return chooseExitCode(summary, signals.exitCode());
}

/** Once a run, where a better engine was never installed. One that is broken is told by every stage. */
function hintAtTorch(experiment: ResolvedExperiment, { decisions }: PlanView): void {
  const runs = [...decisions.values()].some(({ state }) => state === 'to-run');
  if (!runs || !listEngines(experiment).includes('auto') || examineAddon().state !== 'absent') return;
  process.stdout.write(
    'hint: `moco engine install torch` installs an engine that trains several times as fast\n',
  );
}

function countChains({ graph }: PlanView): number {
  return new Set(graph.stages.map(({ method, trial }) => `${method}/${trial}`)).size;
}

/** The tree on a terminal that has room for it, else lines. */
async function createUi({ json = false }: RunOptions, chains: number): Promise<Ui> {
  const write = (text: string) => void process.stdout.write(text);
  if (json) return createJsonUi(write);
  if (!process.stdout.isTTY || process.env.CI) return createPlainUi(write);
  const { createListrUi, fitsTerminal } = await import('../launch/ui/listr.ts');
  return fitsTerminal(chains, process.stdout.rows) ? createListrUi(write) : createPlainUi(write);
}

function renderOutcome({ graph }: PlanView, store: RunStore): string {
  const relative = path.relative(process.cwd(), store.folder);
  const folder = relative.startsWith('..') ? store.folder : relative;
  const places = [`Runs:    ${folder}`];
  if (graph.experiment.evaluations.length === 0) return `\n${places.join('\n')}\n`;
  if (store.readRecord('report').state === 'ok')
    places.unshift(`Report:  ${path.join(folder, 'report', 'report.html')}`);
  return `\n${renderText(collectReport(graph, store))}\n${places.join('\n')}\n`;
}
