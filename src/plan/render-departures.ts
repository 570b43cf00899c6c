// The departures from the published recipes as text, for the terminal: one block a method or evaluation,
// equal blocks together, as the methods of a sweep have them.

import type { Fidelity } from '../config/fidelity.ts';
import type { Departure } from '../config/find-departures.ts';
import type { Json } from '../core/hash.ts';

/** Blocks that are shown in full; a sweep of thousands has its JSON. */
const MAX_BLOCKS = 20;

/** Renders what departs; empty where nothing does. Ends with a line break. */
export function renderDepartures(fidelity: readonly Fidelity[]): string {
  const blocks = groupEqual(fidelity.filter(({ departures }) => departures.length > 0));
  if (blocks.length === 0) return '';
  const shown = blocks.slice(0, MAX_BLOCKS).map(renderBlock);
  const hidden = blocks.slice(MAX_BLOCKS).reduce((sum, { names }) => sum + names.length, 0);
  const more = hidden > 0 ? [`  ... and ${hidden} more: --format json lists all.`] : [];
  return `${['Departures from the published recipes:', ...shown, ...more].join('\n')}\n`;
}

/** One value as it is shown: text as it is, nothing as `none`. */
export function formatSetting(value: Json): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ');
}

interface Block {
  readonly names: string[];
  readonly recipe: string;
  readonly departures: readonly Departure[];
}

function groupEqual(fidelity: readonly Fidelity[]): Block[] {
  const blocks = new Map<string, Block>();
  for (const { name, recipe, departures } of fidelity) {
    const key = JSON.stringify([recipe, departures]);
    const block = blocks.get(key);
    if (block) block.names.push(name);
    else blocks.set(key, { names: [name], recipe, departures });
  }
  return [...blocks.values()];
}

function renderBlock({ names, recipe, departures }: Block): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  const rows = departures.map(({ path, theirs, ours, setBy }) => [
    path,
    `${formatSetting(theirs)} -> ${formatSetting(ours)}`,
    setBy,
  ]);
  const widths = [0, 1].map((column) => measureColumn(rows.map((row) => row[column]!.length)));
  const lines = rows.map(
    ([path, change, setBy]) => `    ${path!.padEnd(widths[0]!)}  ${change!.padEnd(widths[1]!)}  ${setBy}`,
  );
  return [`  ${shown.join(', ')}, from ${recipe}:`, ...lines].join('\n');
}

/** Wide enough for all but the longest lists, which push only their own line. */
function measureColumn(lengths: readonly number[]): number {
  return Math.max(0, ...lengths.filter((length) => length <= 52));
}
