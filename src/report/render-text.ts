// The report for the terminal: the table in aligned columns, numbers to the right.

import { alignTable } from './align-table.ts';
import type { Report } from './report.ts';
import { createTable, listDepartures, listJudging, listNotes, listReasons } from './table.ts';

/** Renders the table and its notes. Ends with a line break. */
export function renderText(report: Report): string {
  if (report.columns.length === 0) return `${report.experiment}: no evaluations, so there is no table.\n`;
  const { header, rows } = createTable(report);
  const blocks = [
    alignTable(header, rows),
    [...listNotes(report), ...listJudging(report)],
    listReasons(report),
    listDepartures(report),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}
