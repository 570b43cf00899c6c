// A cell in the paper's manner: `67.5±0.1`, and how much of it is there yet.

import type { PublishedValue } from '../config/schema/experiment.generated.ts';
import { formatTenths } from './aggregate.ts';
import type { Report, ReportCell, ReportColumn } from './report.ts';

/**
 * Writes `67.5±0.1`, `67.5 (1/5)`, `pending (0/5)`, `failed (0/5)` where none is to come. One trial alone has no
 * deviation to print.
 */
export function formatCell({ aggregate, trials }: ReportCell): string {
  const done = trials.filter((trial) => trial.state === 'done').length;
  const part = `(${done}/${trials.length})`;
  if (!aggregate) return `${trials.every(({ state }) => state === 'failed') ? 'failed' : 'pending'} ${part}`;
  const text =
    done > 1 ? formatMeanStd(aggregate.mean, aggregate.populationStd) : formatTenths(aggregate.mean);
  return done < trials.length ? `${text} ${part}` : text;
}

/** Writes a published value as the paper prints it. */
export function formatPublished(published: PublishedValue | null): string {
  if (!published) return '';
  const { mean, std } = published;
  return std === undefined ? formatTenths(mean) : formatMeanStd(mean, std);
}

/** True if any method has a published value in this column. */
export function hasPublished({ rows, columns }: Report, column: ReportColumn): boolean {
  const index = columns.indexOf(column);
  return rows.some((row) => row.cells[index]?.published);
}

/** Lists where published values come from, each source once. */
export function listSources({ rows }: Report): string[] {
  const published = rows.flatMap((row) => row.cells.flatMap((cell) => cell.published ?? []));
  return [...new Set(published.map(({ source }) => source))];
}

function formatMeanStd(mean: number, std: number): string {
  return `${formatTenths(mean)}±${formatTenths(std)}`;
}
