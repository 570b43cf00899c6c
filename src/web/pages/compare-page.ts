// Runs side by side: the settings in which they differ, what they found, and their curves in one figure each.

import path from 'node:path';
import { formatSetting } from '../../plan/render-departures.ts';
import { collectComparedCurves } from '../../report/compare/collect-compared-curves.ts';
import { type ComparedValues, type Comparison, compareRuns } from '../../report/compare/compare-runs.ts';
import { type FoundRun, findRuns } from '../../report/compare/find-runs.ts';
import { nameShortly, renderCell } from '../../report/compare/render-comparison.ts';
import { MAX_SERIES } from '../../report/details/collect-curves.ts';
import type { ReadTable } from '../../report/details/epoch-table.ts';
import { drawCurves } from '../../report/figures/draw-curves.ts';
import { PAGE } from '../../report/figures/theme.ts';
import { renderDetails, renderScroll, renderTable, type Section } from '../../report/html/markup.ts';
import { renderFigures } from '../../report/html/render-sections.ts';
import { METRICS_FILE } from '../../runs/metrics-log.ts';
import { RECORD_FILE } from '../../runs/record-file.ts';
import type { Page } from '../live-page.ts';
import type { RunsFolder } from '../runs-folder.ts';
import { stampOf } from '../stamp-of.ts';
import { HOME, renderShell } from './shell.ts';

/** More columns nobody reads. */
const MAX_RUNS = 24;

/** Opens the page; `given` are paths below the folder of runs. Undefined where one leads nowhere. */
export function openComparePage(runs: RunsFolder, given: readonly string[]): Page | undefined {
  const folders = given.slice(0, MAX_RUNS).map((each) => runs.find(each.split('/')));
  if (!folders.every((folder) => folder !== undefined)) return undefined;
  const found = folders.length > 0 ? findRuns(folders, runs.readRecord).slice(0, MAX_RUNS) : [];
  const files = found.flatMap(({ folders: own }) =>
    own.flatMap((folder) => [RECORD_FILE, METRICS_FILE].map((name) => path.join(folder, name))),
  );
  return {
    stamp: JSON.stringify(files.map(stampOf)),
    render: () =>
      render(
        found.map((run) => ({ ...run, name: path.relative(runs.root, run.name) })),
        runs.readTable,
      ),
  };
}

function render(runs: readonly FoundRun[], readTable: ReadTable): string {
  const shell = { title: 'Comparison', path: [HOME] };
  if (runs.length < 2)
    return renderShell({ ...shell, note: 'Choose at least two runs on the page before.' }, []);
  return renderShell(
    { ...shell, note: runs.map(({ name }) => name).join(', ') },
    listSections(runs, readTable),
  );
}

function listSections(runs: readonly FoundRun[], readTable: ReadTable): Section[] {
  const comparison = compareRuns(runs);
  const names = nameShortly(comparison.runs);
  const drawn = runs.slice(0, MAX_SERIES);
  const curves = collectComparedCurves(drawn, names, readTable).map((figure) => drawCurves(figure, PAGE));
  const left = runs.length - drawn.length;
  return [
    {
      ...{ id: 'settings', title: 'Settings that differ' },
      content: renderValues('Settings', names, comparison.settings),
    },
    { id: 'results', title: 'Results', content: renderResults(names, comparison) },
    {
      ...{ id: 'curves', title: 'Learning curves' },
      content:
        renderFigures(curves) + (left > 0 ? `<p class="note">${left} more runs are not drawn.</p>` : ''),
    },
    {
      ...{ id: 'surroundings', title: 'Surroundings' },
      content: renderDetails('Where they ran', renderValues('Surroundings', names, comparison.surroundings)),
    },
  ];
}

function renderValues(label: string, names: readonly string[], rows: readonly ComparedValues[]): string {
  if (rows.length === 0) return '<p>None.</p>';
  const cells = rows.map(({ stage, path: setting, values }) => [
    `${stage} ${setting}`.trim(),
    ...values.map((each) => each.map(formatSetting).join(', ') || '-'),
  ]);
  return renderScroll(label, renderTable([label.toLowerCase(), ...names], cells));
}

function renderResults(names: readonly string[], { results }: Comparison): string {
  if (results.length === 0) return '<p>None yet.</p>';
  const cells = results.map(({ stage, metric, cells: each }) => [
    `${stage} ${metric}`,
    ...each.map(renderCell),
  ]);
  return `${renderScroll('Results', renderTable(['results', ...names], cells))}<p class="note">Mean ± population standard deviation (trials).</p>`;
}
