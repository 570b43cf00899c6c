// The table as rows of text, the same for Markdown and the terminal: method, then per column our
// value and, where anything was published, the published value and the difference.

import { formatDifference } from './aggregate.ts';
import { findMark, renderNote } from './departure-notes.ts';
import { formatCell, formatPublished, hasPublished, listSources } from './format-cell.ts';
import type { Report, ReportCell } from './report.ts';

/** A table of text; every row is as long as the header. */
export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Lays the report out as text. `[a]` at a method or an evaluation is the mark of its departures. */
export function createTable(report: Report): TextTable {
  const { columns, rows, departures } = report;
  const mark = (group: 'methods' | 'evaluations', name: string) => {
    const found = findMark(departures, group, name);
    return found === undefined ? '' : ` [${found}]`;
  };
  return {
    header: [
      'method',
      ...columns.flatMap((column) => {
        const label = `${column.label}${mark('evaluations', column.evaluation)}`;
        return hasPublished(report, column) ? [label, 'published', 'difference', 'verdict'] : [label];
      }),
    ],
    rows: rows.map((row) => [
      `${row.label}${mark('methods', row.method)}`,
      ...row.cells.flatMap((cell, index) => {
        if (!hasPublished(report, columns[index]!)) return [formatCell(cell)];
        const difference = cell.difference === null ? '' : formatDifference(cell.difference);
        return [formatCell(cell), formatPublished(cell.published), difference, formatVerdict(cell)];
      }),
    ]),
  };
}

/** `reproduced`; `reproduced so far` while trials are still to come. */
export function formatVerdict({ verdict }: ReportCell): string {
  if (!verdict) return '';
  return verdict.interim ? `${verdict.verdict} so far` : verdict.verdict;
}

/** Says how to read the numbers, for under the table. */
export function listNotes(report: Report): string[] {
  const cells = report.rows.flatMap((row) => row.cells);
  const states = cells.flatMap((cell) => cell.trials.map(({ state }) => state));
  const count = (...wanted: string[]) => states.filter((state) => wanted.includes(state)).length;
  const missing = tellMissing(count('pending', 'running'), count('stale'), count('failed'));
  const sources = listSources(report);
  const trials = report.trials === 1 ? '1 trial' : `${report.trials} trials`;
  return [
    `Percent; mean ± population standard deviation over ${trials}.`,
    ...(sources.length > 0 ? [`Published: ${sources.join('; ')}.`] : []),
    ...(missing ? [`(n/N): only n of N trials are there; ${missing}.`] : []),
    ...listEpochNotes(report),
  ];
}

/** Empty where nothing is missing. */
function tellMissing(open: number, stale: number, failed: number): string {
  const count = (values: number) => `${values} ${values === 1 ? 'value is' : 'values are'}`;
  return [
    ...(open > 0 ? [`${count(open)} still to come`] : []),
    ...(stale > 0 ? [`${count(stale)} of other settings and not counted (moco plan FILE says which)`] : []),
    ...(failed > 0 ? [`${count(failed)} missing, because a stage failed`] : []),
  ].join(', ');
}

/** Each verdict with its reason: `MoCo v1, linear top-1 (last): reproduced: ...`. */
export function listReasons({ rows, columns }: Report): string[] {
  return rows.flatMap((row) =>
    row.cells.flatMap((cell, index) =>
      cell.verdict
        ? `${row.label}, ${columns[index]!.label}: ${formatVerdict(cell)}: ${cell.verdict.reason}`
        : [],
    ),
  );
}

/** What the verdicts rest on; empty where nothing was judged. */
export function listJudging(report: Report): string[] {
  const isJudged = report.rows.some(({ cells }) => cells.some(({ verdict }) => verdict));
  const { margin, alpha } = report.judging;
  return isJudged
    ? [
        `Verdicts: reproduced is equivalence within ±${margin} points, not reproduced a difference beyond them, each at alpha ${alpha}; a published mean without its trials counts as exact.`,
      ]
    : [];
}

/** Departures from the published recipes, one line a mark. */
export function listDepartures({ departures, rows, columns }: Report): string[] {
  return departures.map((note) => {
    const labels = [
      ...rows.filter(({ method }) => note.methods.includes(method)).map(({ label }) => label),
      ...columns.filter(({ evaluation }) => note.evaluations.includes(evaluation)).map(({ label }) => label),
    ];
    return renderNote(note, labels);
  });
}

function listEpochNotes({ columns }: Report): string[] {
  const isBest = columns.some(({ label }) => label.endsWith('(best)'));
  const isLast = columns.some(({ label }) => label.endsWith('(last)'));
  return isBest || isLast
    ? [
        [
          ...(isLast ? ['(last): after the last epoch.'] : []),
          ...(isBest ? ['(best): of the epoch that was best on these very images, so it flatters.'] : []),
        ].join(' '),
      ]
    : [];
}
