// The report as Markdown: the table, how to read it, verdicts, departures, every trial with the folder it is in.

import { formatSetting } from '../plan/render-departures.ts';
import { formatTenths } from './aggregate.ts';
import type { DepartureNote } from './departure-notes.ts';
import type { Report, TrialValue } from './report.ts';
import { createTable, listDepartures, listJudging, listNotes, listReasons } from './table.ts';

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
    [...listNotes(report), ...listJudging(report)].join('\n'),
    ...renderVerdicts(report),
    ...renderDepartures(report),
    'With curves, figures and settings: [report.html](report.html).',
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

function renderVerdicts(report: Report): string[] {
  const reasons = listReasons(report);
  return reasons.length > 0 ? ['## Verdicts', reasons.map((reason) => `- ${reason}`).join('\n')] : [];
}

function renderDepartures(report: Report): string[] {
  if (report.departures.length === 0) return [];
  const subjects = listDepartures(report).map((line) => line.slice(0, line.indexOf(':')));
  const blocks = report.departures.map(
    ({ departures }, index) =>
      `${subjects[index]}:\n\n${renderTable(['setting', 'published', 'here', 'set by'], departures.map(listSetting))}`,
  );
  return ['## Departures from the published recipes', ...blocks];
}

function listSetting({ path, theirs, ours, setBy }: DepartureNote['departures'][number]): string[] {
  return [path, formatSetting(theirs), formatSetting(ours), setBy];
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
