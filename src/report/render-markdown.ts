// The report as Markdown: the table, how to read it, and every trial with the folder it is in.

import { formatTenths } from './aggregate.ts';
import type { Report, TrialValue } from './report.ts';
import { createTable, listNotes } from './table.ts';

/** Renders the report as Markdown. Links count from the report's folder. Ends with a line break. */
export function renderMarkdown(report: Report): string {
  const { experiment, claim, source } = report;
  const blocks = [
    `# ${experiment}`,
    ...(claim === undefined ? [] : [`Claim: ${claim.trim()}`]),
    ...(source === undefined ? [] : [`Source: ${source.trim()}`]),
    ...(report.columns.length === 0 ? ['No evaluations, so there is no table.'] : renderTables(report)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function renderTables(report: Report): string[] {
  const { header, rows } = createTable(report);
  return [
    renderTable(header, rows),
    listNotes(report).join('\n'),
    '## Trials',
    ...report.columns.map((column, index) => {
      const trialHeader = ['method', ...Array.from({ length: report.trials }, (_, i) => `trial ${i + 1}`)];
      const trialRows = report.rows.map((row) => [
        row.label,
        ...(row.cells[index]?.trials ?? []).map(linkTrial),
      ]);
      return `${column.label}:\n\n${renderTable(trialHeader, trialRows)}`;
    }),
  ];
}

function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const renderRow = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `| --- |${' ---: |'.repeat(header.length - 1)}`;
  return [renderRow(header), rule, ...rows.map(renderRow)].join('\n');
}

function linkTrial({ value, state, stage }: TrialValue): string {
  return value === null ? state : `[${formatTenths(value)}](../${encodeURI(stage)}/)`;
}
