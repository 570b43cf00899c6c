// The table of the page: a row a method, a column an evaluation; below each value the published one, the
// difference and the verdict, so that none is read without the others.

import { formatDifference, formatTenths } from '../aggregate.ts';
import { findMark } from '../departure-notes.ts';
import { escapeMarkup } from '../escape-markup.ts';
import { formatCell, formatPublished } from '../format-cell.ts';
import type { Report, ReportCell, TrialValue } from '../report.ts';
import { formatVerdict, listJudging, listNotes } from '../table.ts';
import { renderDetails, renderScroll, renderTable } from './markup.ts';

/** Trials that the page lists one by one; report.csv has all. */
const MAX_TRIALS = 100;

/** Renders the table, how to read it, the verdicts' reasons and the trials. */
export function renderResults(report: Report): string {
  if (report.columns.length === 0) return '<p>No evaluations, so there is no table.</p>';
  const notes = [...listNotes(report), ...listJudging(report)];
  return [
    renderScroll('Results', renderCells(report)),
    ...notes.map((note) => `<p class="note">${escapeMarkup(note)}</p>`),
    renderReasons(report),
    renderDetails('Every trial', renderScroll('Trials', renderTrials(report))),
  ].join('\n');
}

function renderCells(report: Report): string {
  const header = report.columns.map(
    ({ label, evaluation }) =>
      `<th scope="col">${renderWords(label)}${renderMark(report, 'evaluations', evaluation)}</th>`,
  );
  const rows = report.rows.map(
    ({ method, label, cells }) =>
      `<tr><th scope="row">${escapeMarkup(label)}${renderMark(report, 'methods', method)}</th>${cells.map(renderCell).join('')}</tr>`,
  );
  return `<table class="results"><thead><tr><th scope="col">method</th>${header.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** A label may break between its words, never at a hyphen as in `top-1`. */
function renderWords(label: string): string {
  return label
    .split(' ')
    .map((word) =>
      word.includes('-') ? `<span class="word">${escapeMarkup(word)}</span>` : escapeMarkup(word),
    )
    .join(' ');
}

function renderMark(report: Report, group: 'methods' | 'evaluations', name: string): string {
  const mark = findMark(report.departures, group, name);
  return mark === undefined
    ? ''
    : `<sup><a href="#departure-${mark}" aria-label="departures ${mark}">${mark}</a></sup>`;
}

function renderCell(cell: ReportCell): string {
  const { published, difference, verdict } = cell;
  const compared = published
    ? [
        `published ${formatPublished(published)}`,
        ...(difference === null ? [] : [formatDifference(difference)]),
      ]
    : [];
  return [
    `<td><div class="value">${escapeMarkup(formatCell(cell))}</div>`,
    ...(compared.length > 0 ? [`<div class="beside">${escapeMarkup(compared.join(' · '))}</div>`] : []),
    ...(verdict ? [renderVerdict(cell)] : []),
    '</td>',
  ].join('');
}

const SIGNS = { reproduced: '✓', 'not reproduced': '✗', inconclusive: '?' } as const;

function renderVerdict(cell: ReportCell): string {
  const { verdict } = cell.verdict!;
  const name = verdict.replace(' ', '-');
  return `<span class="verdict ${name}"><span aria-hidden="true">${SIGNS[verdict]} </span>${formatVerdict(cell)}</span>`;
}

function renderReasons({ rows, columns }: Report): string {
  const reasons = rows.flatMap((row) =>
    row.cells.flatMap((cell, index) => {
      if (!cell.verdict) return [];
      const what = `${row.label}, ${columns[index]!.label}`;
      return `<li><strong>${escapeMarkup(`${what}: ${formatVerdict(cell)}`)}</strong>: ${escapeMarkup(cell.verdict.reason)}</li>`;
    }),
  );
  return reasons.length > 0 ? `<h3>Verdicts</h3><ul class="list">${reasons.join('')}</ul>` : '';
}

function renderTrials({ rows, columns, trials }: Report): string {
  const series = rows.flatMap((row) =>
    row.cells.map((cell, index) => ({ name: `${row.label}, ${columns[index]!.label}`, trials: cell.trials })),
  );
  const shown = Math.min(trials, MAX_TRIALS);
  const header = ['', ...Array.from({ length: shown }, (_, index) => `trial ${index + 1}`)];
  const table = renderTable(
    header,
    series.map(({ name, trials: values }) => [name, ...values.slice(0, shown).map(formatTrial)]),
  );
  const more = trials > shown ? `<p class="note">${trials - shown} more trials are in report.csv.</p>` : '';
  return table + more;
}

function formatTrial({ value, state }: TrialValue): string {
  return value === null ? state : formatTenths(value);
}
