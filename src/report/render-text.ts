// The report for the terminal: the table in aligned columns, numbers to the right.

import type { Report } from './report.ts';
import { createTable, listDepartures, listJudging, listNotes, listReasons } from './table.ts';

/** Renders the table and its notes. Ends with a line break. */
export function renderText(report: Report): string {
  if (report.columns.length === 0) return `${report.experiment}: no evaluations, so there is no table.\n`;
  const { header, rows } = createTable(report);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((cells) => (cells[column] ?? '').length)),
  );
  const renderRow = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const blocks = [
    [renderRow(header), rule, ...rows.map(renderRow)],
    [...listNotes(report), ...listJudging(report)],
    listReasons(report),
    listDepartures(report),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}
