// The table as rows of text, the same for Markdown and the terminal: method, then per column our
// value and, where anything was published, the published value and the difference.

import { formatDifference } from './aggregate.ts';
import { formatCell, formatPublished, hasPublished, listSources } from './format-cell.ts';
import type { Report } from './report.ts';

/** A table of text; every row is as long as the header. */
export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Lays the report out as text. */
export function createTable(report: Report): TextTable {
  const { columns, rows } = report;
  return {
    header: [
      'method',
      ...columns.flatMap((column) =>
        hasPublished(report, column) ? [column.label, 'published', 'difference'] : [column.label],
      ),
    ],
    rows: rows.map((row) => [
      row.label,
      ...row.cells.flatMap((cell, index) => {
        if (!hasPublished(report, columns[index]!)) return [formatCell(cell)];
        const difference = cell.difference === null ? '' : formatDifference(cell.difference);
        return [formatCell(cell), formatPublished(cell.published), difference];
      }),
    ]),
  };
}

/** Says how to read the numbers, for under the table. */
export function listNotes(report: Report): string[] {
  const cells = report.rows.flatMap((row) => row.cells);
  const open = cells.flatMap((cell) => cell.trials).filter((trial) => trial.state !== 'done').length;
  const sources = listSources(report);
  const trials = report.trials === 1 ? '1 trial' : `${report.trials} trials`;
  return [
    `Percent; mean ± population standard deviation over ${trials}.`,
    ...(sources.length > 0 ? [`Published: ${sources.join('; ')}.`] : []),
    ...(open > 0
      ? [
          `(n/N): only n of N trials are there; ${open} ${open === 1 ? 'value is' : 'values are'} still to come.`,
        ]
      : []),
  ];
}
