// The tables of `moco parity`: per case one line a group, its worst number; all numbers where asked for, and
// always those that are outside. One that only a jump explains stands for all of its group.

import path from 'node:path';
import { type CaseResult, type Comparison, hasPassed, isWithin } from './comparison.ts';
import type { EngineDescription } from './parity-message.ts';

/** The line above all tables. */
export function renderEngine({ name, ...details }: EngineDescription): string {
  const shown = Object.entries(details)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([key, value]) => `${key} ${value}`);
  return `engine ${name}${shown.length > 0 ? ` (${shown.join(', ')})` : ''}`;
}

/** A case's table. */
export function renderCase(result: CaseResult, { verbose }: { readonly verbose: boolean }): string {
  const { file, title, comparisons, notes, seconds } = result;
  const head = `${path.basename(file)}  ${title}`;
  const rows = groupComparisons(comparisons).flatMap((group) => renderGroup(group, verbose));
  return [
    head,
    ...alignColumns([HEADER, ...rows]).map((line) => `  ${line}`),
    ...notes.map((note) => `  Note: ${note}`),
    `  ${describeEnd(result)}, ${seconds.toFixed(1)} s`,
  ].join('\n');
}

/** The line below all tables. */
export function renderSummary(results: readonly CaseResult[]): string {
  const failed = results.filter((result) => !hasPassed(result));
  const names = failed.map(({ file }) => path.basename(file)).join(', ');
  return failed.length === 0
    ? `${results.length} of ${results.length} cases agree with PyTorch.`
    : `${failed.length} of ${results.length} cases are outside the tolerance: ${names}.`;
}

const HEADER = ['quantity', 'numbers', 'worst', 'ours', 'PyTorch', 'difference', 'tolerance', ''];

function groupComparisons(comparisons: readonly Comparison[]): Comparison[][] {
  const groups = new Map<string, Comparison[]>();
  for (const each of comparisons) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  return [...groups.values()];
}

/** The worst first; of a group within its tolerance it alone, unless all are asked for. */
function renderGroup(group: readonly Comparison[], verbose: boolean): string[][] {
  const sorted = group.toSorted((a, b) => badness(b) - badness(a));
  const outside = sorted.filter((each) => !isWithin(each));
  const jumped = sorted.filter(({ withoutJump }) => withoutJump !== undefined);
  const telling = [...outside, ...jumped.slice(0, 1)];
  const shown = verbose ? sorted : telling.length > 0 ? telling : sorted.slice(0, 1);
  return shown.map((each, i) => [
    i === 0 ? each.group : '',
    i === 0 ? String(group.length) : '',
    each.at,
    renderNumber(each.ours),
    renderNumber(each.theirs),
    renderSmall(each.difference),
    renderSmall(each.tolerance),
    describeVerdict(each),
  ]);
}

function describeVerdict(comparison: Comparison): string {
  if (!isWithin(comparison)) return 'OUTSIDE';
  return comparison.withoutJump === undefined ? 'ok' : 'ok, jump';
}

/** Share of the tolerance that is used up; NaN is worst. */
function badness({ difference, tolerance }: Comparison): number {
  if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
  if (difference === 0) return 0;
  return tolerance === 0 ? Number.POSITIVE_INFINITY : difference / tolerance;
}

function describeEnd({ comparisons }: CaseResult): string {
  const outside = comparisons.filter((each) => !isWithin(each)).length;
  const jumped = comparisons.filter(({ withoutJump }) => withoutJump !== undefined).length;
  const of = jumped > 0 ? `, ${jumped} of them by a jump` : '';
  if (outside === 0) return `all ${comparisons.length} numbers are within their tolerances${of}`;
  return `${outside} of ${comparisons.length} numbers ${outside === 1 ? 'is' : 'are'} OUTSIDE`;
}

function renderNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(8);
}

function renderSmall(value: number): string {
  return value === 0 ? '0' : value.toExponential(1);
}

const NUMERIC = new Set([1, 3, 4, 5, 6]);

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        NUMERIC.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
