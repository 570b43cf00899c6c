// One experiment, live: its graph and stages first, then everything that its report has.

import path from 'node:path';
import type { StageGraph } from '../../plan/stage-graph.ts';
import { collectReport } from '../../report/collect-report.ts';
import { collectDetails } from '../../report/details/collect-details.ts';
import type { ReadTable } from '../../report/details/epoch-table.ts';
import { escapeMarkup } from '../../report/escape-markup.ts';
import { listSections } from '../../report/html/list-sections.ts';
import type { Section } from '../../report/html/markup.ts';
import { METRICS_FILE } from '../../runs/metrics-log.ts';
import { rememberRecords } from '../../runs/remember-records.ts';
import { findRunner } from '../../runs/run-lock.ts';
import { listStageFolders, type RunStore } from '../../runs/run-store.ts';
import { nameLog } from '../../runs/stage-folder.ts';
import type { Page } from '../live-page.ts';
import { type ExperimentReading, tellCause } from '../remember-graphs.ts';
import { type RunsFolder, seeInterrupted } from '../runs-folder.ts';
import { numberOf, stampOf } from '../stamp-of.ts';
import { renderChoice } from './choice.ts';
import { HOME, renderShell } from './shell.ts';
import { renderStages } from './stages-table.ts';

/** Opens the page of an experiment that is there. */
export function openExperimentPage(runs: RunsFolder, name: string): Page {
  const store = rememberRecords(runs.open(name));
  const ids = listStageFolders(store.folder).filter((id) => store.readRecord(id).state !== 'none');
  const experiment = runs.readGraph(store.folder);
  return {
    stamp: JSON.stringify([
      findRunner(store.folder) ?? null,
      numberOf(experiment),
      ...ids.map((id) => `${id} ${stampStage(id, store)}`),
    ]),
    render: () =>
      render(experiment, {
        ...{ name, ids, readTable: runs.readTable, store: rememberRecords(seeInterrupted(store)) },
      }),
  };
}

/** Of a stage that is done, no curve moves and no log grows: its record alone says whether anything is new. */
function stampStage(id: string, store: RunStore): string {
  const reading = store.readRecord(id);
  const isDone = reading.state === 'ok' && reading.record.state === 'done';
  const files = isDone ? [] : [METRICS_FILE, nameLog()];
  return [numberOf(reading), ...files.map((file) => stampOf(path.join(store.folderOf(id), file)))].join(' ');
}

interface Shown {
  readonly name: string;
  /** Of the stages that have a record. */
  readonly ids: readonly string[];
  readonly store: RunStore;
  readonly readTable: ReadTable;
}

function render(reading: ExperimentReading, shown: Shown): string {
  const { name, ids, store } = shown;
  const claim = reading.state === 'none' ? undefined : reading.experiment.claim?.trim();
  const shell = { title: name, path: [HOME], ...(claim ? { note: claim } : {}) };
  const stages = { id: 'stages', title: 'Stages', content: renderStages(store, name, ids) };
  const compare = { id: 'compare', title: 'Compare', content: renderChoice(listTrials(name, ids)) };
  if (reading.state === 'none') return renderShell(shell, [note(NO_EXPERIMENT), stages, compare]);
  if (reading.state === 'unusable') return renderShell(shell, [note(reading.cause), stages, compare]);
  try {
    const [graph, ...sections] = reportSections(reading.graph, shown);
    return renderShell(shell, [graph!, stages, ...sections, compare]);
  } catch (error) {
    return renderShell(shell, [note(tellCause(error)), stages, compare]);
  }
}

const NO_EXPERIMENT =
  'What was run here is not noted, as it is from now on: the next moco run of its file brings the table and the curves.';

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

const BY_NUMBER = new Intl.Collator('en', { numeric: true });

/** Trials by their method. */
function listTrials(name: string, ids: readonly string[]) {
  const trials = new Set(ids.filter((id) => id !== 'report').map((id) => path.posix.dirname(id)));
  const groups = new Map<string, { label: string; path: string }[]>();
  for (const trial of [...trials].sort(BY_NUMBER.compare)) {
    const [method, label] = trial.split('/') as [string, string];
    const group = groups.get(method) ?? [];
    group.push({ label, path: `${name}/${trial}` });
    groups.set(method, group);
  }
  return [...groups].map(([method, runs]) => ({
    legend: method,
    runs: [{ label: 'all trials', path: `${name}/${method}` }, ...runs],
  }));
}
