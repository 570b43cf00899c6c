// One stage, live: its state, its curves by steps, its log and its settings.

import path from 'node:path';
import { formatBytes, formatDuration } from '../../plan/format-quantity.ts';
import { describeEngine } from '../../report/details/collect-environment.ts';
import { escapeMarkup } from '../../report/escape-markup.ts';
import { drawCurves } from '../../report/figures/draw-curves.ts';
import { PAGE } from '../../report/figures/theme.ts';
import { renderScroll, renderTable, type Section } from '../../report/html/markup.ts';
import { renderFigures } from '../../report/html/render-sections.ts';
import { METRICS_FILE } from '../../runs/metrics-log.ts';
import { RECORD_FILE, type RecordReading } from '../../runs/record-file.ts';
import type { RunRecord } from '../../runs/run-record.ts';
import { CONFIG_FILE, nameLog } from '../../runs/stage-folder.ts';
import { collectStepCurves } from '../collect-step-curves.ts';
import type { Page } from '../live-page.ts';
import { type RunsFolder, readTail, seeInterrupted } from '../runs-folder.ts';
import { stampOf } from '../stamp-of.ts';
import { HOME, linkTo, renderShell, renderState } from './shell.ts';

/** The end of a log that is shown. */
const LOG_BYTES = 64 * 1024;
const CONFIG_BYTES = 1024 * 1024;
const FILES = [RECORD_FILE, METRICS_FILE, nameLog(), CONFIG_FILE];

/** Opens the page; undefined where there is no such stage. */
export function openStagePage(
  runs: RunsFolder,
  experiment: string,
  names: readonly string[],
): Page | undefined {
  const folder = runs.find([experiment, ...names]);
  if (folder === undefined) return undefined;
  const id = names.join('/');
  const reading = seeInterrupted(runs.open(experiment)).readRecord(id);
  if (reading.state === 'none') return undefined;
  const shell = { title: id, path: [HOME, { label: experiment, href: linkTo([experiment]) }] };
  return {
    stamp: JSON.stringify([reading, FILES.map((file) => stampOf(path.join(folder, file)))]),
    render: () => renderShell(shell, listSections(folder, reading)),
  };
}

function listSections(folder: string, reading: RecordReading): Section[] {
  const curves = collectStepCurves(path.join(folder, METRICS_FILE)).map((figure) => drawCurves(figure, PAGE));
  return [
    { id: 'state', title: 'State', content: renderReading(reading) },
    { id: 'curves', title: 'Curves', content: renderFigures(curves) },
    {
      id: 'log',
      title: 'Log',
      content: renderText('Log', readTail(path.join(folder, nameLog()), LOG_BYTES)),
    },
    {
      ...{ id: 'settings', title: 'Settings' },
      content: renderText('Settings', readTail(path.join(folder, CONFIG_FILE), CONFIG_BYTES)),
    },
  ];
}

function renderReading(reading: RecordReading): string {
  if (reading.state !== 'ok') {
    const cause = reading.state === 'unreadable' ? reading.cause : 'is of a newer version';
    return `<p>${renderState('unreadable')}: its record ${escapeMarkup(cause)}.</p>`;
  }
  const { record } = reading;
  const { problem, result } = record;
  const warnings = (result?.warnings ?? []).map((text) => `<li>${escapeMarkup(text)}</li>`);
  return [
    `<p>${renderState(record.state)}</p>`,
    problem ? `<p><strong>${escapeMarkup(problem.code)}</strong>: ${escapeMarkup(problem.message)}</p>` : '',
    problem?.hint ? `<p class="note">${escapeMarkup(problem.hint)}</p>` : '',
    renderScroll('State', renderTable(['', ''], listFacts(record))),
    warnings.length > 0 ? `<h3>Warnings</h3><ul class="list">${warnings.join('')}</ul>` : '',
  ].join('');
}

function listFacts({
  reason,
  seed,
  startedAt,
  endedAt,
  durationMs,
  engine,
  host,
  result,
}: RunRecord): string[][] {
  const metrics = Object.entries(result?.metrics ?? {});
  return [
    ['why it ran', reason],
    ['seed', String(seed)],
    ['started', startedAt],
    ...(endedAt === undefined ? [] : [['ended', endedAt]]),
    ...(durationMs === undefined ? [] : [['took', formatDuration(durationMs)]]),
    ['host', `${host.name}: ${host.cpu}, ${host.cores} cores`],
    ...(engine ? [['engine', describeEngine(engine)]] : []),
    ...metrics.map(([name, value]) => [name, String(Number(value.toPrecision(6)))]),
    ...(result?.outputs ?? []).map(({ path: file, bytes, sha256 }) => [
      file,
      `${formatBytes(bytes)}, SHA-256 ${sha256}`,
    ]),
  ];
}

function renderText(label: string, text: string | undefined): string {
  if (text === undefined) return '';
  if (text.trim() === '') return '<p class="muted">Nothing yet.</p>';
  return `<pre class="scroll log" tabindex="0" role="region" aria-label="${label}">${escapeMarkup(text)}</pre>`;
}
