// A comparison for the terminal: three tables, a column a run.

import { renderCanonicalJson } from '../../core/hash.ts';
import { alignTable } from '../align-table.ts';
import type { ComparedCell, ComparedValues, Comparison } from './compare-runs.ts';

/** Longer values are cut; --json has them whole. */
const MAX_WIDTH = 40;
const MAX_DECIMALS = 6;

/** Renders a comparison. Ends with a line break. */
export function renderComparison(comparison: Comparison): string {
  const runs = nameShortly(comparison.runs);
  const results = comparison.results.map(({ stage, metric, cells }) => [
    `${stage} ${metric}`,
    ...cells.map(renderCell),
  ]);
  const blocks = [
    renderValues('settings that differ', runs, comparison.settings),
    results.length > 0 ? alignTable(['results', ...runs], results) : ['results: none yet'],
    renderValues('surroundings that differ', runs, comparison.surroundings),
    ['Results: mean ± population standard deviation (trials). A list: values of trials that differ.'],
  ];
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function renderValues(title: string, runs: readonly string[], rows: readonly ComparedValues[]): string[] {
  if (rows.length === 0) return [`${title}: none`];
  const cells = rows.map(({ stage, path, values }) => [
    `${stage} ${path}`.trim(),
    ...values.map((each) => cut(each.map(renderValue).join(', ') || '-')),
  ]);
  return alignTable([title, ...runs], cells);
}

function renderValue(value: ComparedValues['values'][number][number]): string {
  return typeof value === 'string' ? value : renderCanonicalJson(value);
}

function cut(text: string): string {
  return text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH - 3)}...` : text;
}

/** A result: mean, spread and trials. */
export function renderCell(cell: ComparedCell | null): string {
  if (!cell) return '-';
  const { mean, populationStd, values } = cell;
  const text = values.length > 1 ? renderSpread(mean, populationStd) : round(mean);
  return `${text} (${values.length})`;
}

/** Two digits of the deviation, and the mean as far: 30.07±0.94. */
function renderSpread(mean: number, std: number): string {
  if (!(std > 0)) return `${round(mean)}±${round(std)}`;
  const decimals = Math.min(MAX_DECIMALS, Math.max(0, 1 - Math.floor(Math.log10(std))));
  return `${mean.toFixed(decimals)}±${std.toFixed(decimals)}`;
}

/** Four digits, as a person reads them: 0.03123, 67.52, 1234. */
function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Leaves out the folders that all names begin with. */
export function nameShortly(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split('/'));
  let shared = 0;
  while (parts.every((each) => each.length > shared + 1 && each[shared] === parts[0]![shared])) shared++;
  return parts.map((each) => each.slice(shared).join('/'));
}
