// The report as CSV (RFC 4180): one line per method and column, numbers unrounded.

import type { Report, ReportCell } from './report.ts';

/** Renders the report as CSV. Missing numbers are empty. Lines end with \r\n, as the RFC says. */
export function renderCsv(report: Report): string {
  const trialNames = Array.from({ length: report.trials }, (_, index) => `trial_${index + 1}`);
  const header = [
    ...['method', 'label', 'evaluation', 'metric', 'n', 'trials', 'mean', 'population_std', 'sample_std'],
    ...['published_mean', 'published_std', 'difference', ...trialNames],
  ];
  const lines = report.rows.flatMap((row) =>
    row.cells.map((cell, index) => {
      const { evaluation, metric } = report.columns[index]!;
      return [row.method, row.label, evaluation, metric, ...listNumbers(cell)];
    }),
  );
  return [header, ...lines].map((fields) => `${fields.map(quoteField).join(',')}\r\n`).join('');
}

function listNumbers({
  trials,
  aggregate,
  published,
  difference,
}: ReportCell): (number | null | undefined)[] {
  const values = trials.map(({ value }) => value);
  return [
    ...[values.filter((value) => value !== null).length, trials.length],
    ...[aggregate?.mean, aggregate?.populationStd, aggregate?.sampleStd],
    ...[published?.mean, published?.std, difference],
    ...values,
  ];
}

function quoteField(field: string | number | null | undefined): string {
  const text = String(field ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
