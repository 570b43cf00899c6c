// One experiment, live: its graph and stages first, then everything that its report has.

import path from 'node:path';
import { ProblemError } from '../../core/problem.ts';
import { compilePlan } from '../../plan/compile-plan.ts';
import type { StageGraph } from '../../plan/stage-graph.ts';
import { collectReport } from '../../report/collect-report.ts';
import { collectDetails } from '../../report/details/collect-details.ts';
import type { ReadTable } from '../../report/details/epoch-table.ts';
import { escapeMarkup } from '../../report/escape-markup.ts';
import { listSections } from '../../report/html/list-sections.ts';
import type { Section } from '../../report/html/markup.ts';
import { EXPERIMENT_FILE, readExperiment } from '../../runs/experiment-file.ts';
import { METRICS_FILE } from '../../runs/metrics-log.ts';
import { RECORD_FILE } from '../../runs/record-file.ts';
import { rememberRecords } from '../../runs/remember-records.ts';
import { findRunner } from '../../runs/run-lock.ts';
import { listRecordedStages, type RunStore } from '../../runs/run-store.ts';
import type { Page } from '../live-page.ts';
import { type RunsFolder, seeInterrupted } from '../runs-folder.ts';
import { stampOf } from '../stamp-of.ts';
import { renderChoice } from './choice.ts';
import { HOME, renderShell } from './shell.ts';
import { renderStages } from './stages-table.ts';

/** What of a stage's folder the page shows; a file that grows is a curve that moves. */
const SHOWN_FILES = [RECORD_FILE, METRICS_FILE];

/** Opens the page of an experiment that is there. */
export function openExperimentPage(runs: RunsFolder, name: string): Page {
  const store = runs.open(name);
  const ids = listRecordedStages(store.folder);
  const files = ids.flatMap((id) => SHOWN_FILES.map((file) => path.join(store.folderOf(id), file)));
  const stamps = [path.join(store.folder, EXPERIMENT_FILE), ...files].map(stampOf);
  return {
    stamp: JSON.stringify([findRunner(store.folder) ?? null, ids, stamps]),
    render: () =>
      render({ name, ids, store: rememberRecords(seeInterrupted(store)), readTable: runs.readTable }),
  };
}

interface Shown {
  readonly name: string;
  /** Of the stages that have a record. */
  readonly ids: readonly string[];
  readonly store: RunStore;
  readonly readTable: ReadTable;
}

function render(shown: Shown): string {
  const { name, ids, store } = shown;
  const experiment = readExperiment(store.folder);
  const shell = {
    title: name,
    path: [HOME],
    ...(experiment?.claim ? { note: experiment.claim.trim() } : {}),
  };
  const stages = { id: 'stages', title: 'Stages', content: renderStages(store, name, ids) };
  const compare = { id: 'compare', title: 'Compare', content: renderChoice(listTrials(name, ids)) };
  if (!experiment) return renderShell(shell, [note(NO_EXPERIMENT), stages, compare]);
  try {
    const [graph, ...sections] = reportSections(compilePlan(experiment, {}), shown);
    return renderShell(shell, [graph!, stages, ...sections, compare]);
  } catch (error) {
    const problems =
      error instanceof ProblemError ? error.problems.map(({ message }) => message) : [OTHER_VERSION];
    return renderShell(shell, [note(problems.join(' ')), stages, compare]);
  }
}

const NO_EXPERIMENT =
  'What was run here is not noted, as it is from now on: the next moco run of its file brings the table and the curves.';
const OTHER_VERSION =
  'Another version of mocolab ran this: the next moco run of its file brings the table and the curves.';

const note = (text: string): Section => ({
  id: 'note',
  title: 'Report',
  content: `<p>${escapeMarkup(text)}</p>`,
});

/** The report's, with the graph in front. */
function reportSections(graph: StageGraph, { store, readTable }: Shown): Section[] {
  const report = collectReport(graph, store);
  const sections = listSections(report, collectDetails({ graph, store, report }, readTable));
  const isGraph = ({ id }: Section) => id === 'graph';
  const first = sections.find(isGraph) ?? { id: 'graph', title: 'Graph', content: '' };
  return [first, ...sections.filter((section) => !isGraph(section))];
}

/** Trials by their method. */
function listTrials(name: string, ids: readonly string[]) {
  const trials = new Set(ids.filter((id) => id !== 'report').map((id) => path.posix.dirname(id)));
  const groups = new Map<string, { label: string; path: string }[]>();
  for (const trial of [...trials].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
    const [method, label] = trial.split('/') as [string, string];
    groups.set(method, [...(groups.get(method) ?? []), { label, path: `${name}/${trial}` }]);
  }
  return [...groups].map(([method, runs]) => ({
    legend: method,
    runs: [{ label: 'all trials', path: `${name}/${method}` }, ...runs],
  }));
}
