// The report as CSV (RFC 4180): one line per method and column, numbers unrounded.

import { formatSetting } from '../plan/render-departures.ts';
import type { Report, ReportCell } from './report.ts';

/** Renders the report as CSV. Missing numbers are empty. Lines end with \r\n, as the RFC says. */
export function renderCsv(report: Report): string {
  const trialNames = Array.from({ length: report.trials }, (_, index) => `trial_${index + 1}`);
  const header = [
    ...['method', 'label', 'evaluation', 'metric', 'n', 'trials', 'mean', 'population_std', 'sample_std'],
    ...['published_mean', 'published_std', 'difference', 'difference_low', 'difference_high'],
    ...['p_equivalent', 'p_different', 'verdict', 'trials_needed', 'departures', ...trialNames],
  ];
  const lines = report.rows.flatMap((row) =>
    row.cells.map((cell, index) => {
      const { evaluation, metric } = report.columns[index]!;
      const trials = cell.trials.map(({ value }) => value);
      const departures = describeDepartures(report, row.method, evaluation);
      return [row.method, row.label, evaluation, metric, ...listNumbers(cell), departures, ...trials];
    }),
  );
  return [header, ...lines].map((fields) => `${fields.map(quoteField).join(',')}\r\n`).join('');
}

function listNumbers({
  trials,
  aggregate,
  published,
  difference,
  verdict,
}: ReportCell): (string | number | null | undefined)[] {
  const values = trials.map(({ value }) => value);
  return [
    ...[values.filter((value) => value !== null).length, trials.length],
    ...[aggregate?.mean, aggregate?.populationStd, aggregate?.sampleStd],
    ...[published?.mean, published?.std, difference, verdict?.test?.interval[0], verdict?.test?.interval[1]],
    ...[verdict?.test?.pEquivalent, verdict?.test?.pDifferent, verdict?.verdict, verdict?.trialsNeeded],
  ];
}

/** `epochs 200 -> 6; ...`, of the method and then of the evaluation. */
function describeDepartures({ departures }: Report, method: string, evaluation: string): string {
  return departures
    .filter(({ methods, evaluations }) => methods.includes(method) || evaluations.includes(evaluation))
    .flatMap((note) => note.departures)
    .map(({ path, theirs, ours }) => `${path} ${formatSetting(theirs)} -> ${formatSetting(ours)}`)
    .join('; ');
}

function quoteField(field: string | number | null | undefined): string {
  const text = String(field ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
