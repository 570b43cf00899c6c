// A plan as a tree for the terminal: methods, trials, stages; per stage why it runs or not,
// what it costs and what it needs; the sums at the end.

import { formatAmount, formatBytes, formatCount, formatDuration } from './format-quantity.ts';
import { getDecision, type PlanTotals, type PlanView, shortenStageId, sumPlan } from './plan-view.ts';
import { renderDepartures } from './render-departures.ts';
import type { Stage } from './stage-graph.ts';

/** A longer cell pushes its own line to the right, not all lines. */
const MAX_CELL_WIDTH = 48;

const MARKS = { 'up-to-date': '✓', 'to-run': '●', 'not-selected': '○', unavailable: '✗' } as const;

/** A line of the tree: a heading, or a stage with its cells. */
interface Line {
  readonly text: string;
  readonly cells?: readonly string[];
}

/** Renders a plan as a tree. Ends with a line break. */
export function renderTree(view: PlanView): string {
  const { experiment, stages } = view.graph;
  const groups = [...groupBy(stages, (stage) => stage.method)];
  const lines: Line[] = [{ text: experiment.name }];
  groups.forEach(([method, members], index) => {
    const last = index === groups.length - 1;
    if (method === undefined) lines.push(...members.map((stage) => renderStage(view, stage, branch(last))));
    else lines.push(...renderMethod(view, members, last));
  });
  const departures = renderDepartures(experiment.fidelity ?? []);
  const blocks = [`${alignLines(lines).join('\n')}\n`, `${renderTotals(sumPlan(view))}\n`];
  return [...blocks, ...(departures === '' ? [] : [departures])].join('\n');
}

function renderMethod(view: PlanView, stages: readonly Stage[], last: boolean): Line[] {
  const name = stages[0]?.method;
  const label = view.graph.experiment.methods.find((method) => method.name === name)?.label;
  const heading = `${branch(last)}${name}${label === name ? '' : `  ${label}`}`;
  const trials = [...groupBy(stages, (stage) => stage.trial)];
  const lines = trials.flatMap(([trial, members], index): Line[] => {
    const lastTrial = index === trials.length - 1;
    const indent = trunk(last) + trunk(lastTrial);
    return [
      { text: `${trunk(last)}${branch(lastTrial)}trial ${trial}  seed ${members[0]?.seed}` },
      ...members.map((stage, i) => renderStage(view, stage, indent + branch(i === members.length - 1))),
    ];
  });
  return [{ text: heading }, ...lines];
}

function renderStage(view: PlanView, stage: Stage, prefix: string): Line {
  const { state, reason } = getDecision(view, stage);
  const { steps, images, diskBytes, devices } = stage.cost;
  const estimate = view.estimates.get(stage.id) ?? null;
  const cells = [
    reason,
    formatUnless0(steps, (count) => `${formatCount(count)} steps`),
    formatUnless0(images, (count) => `${formatCount(count)} images`),
    formatUnless0(diskBytes, formatBytes),
    devices > 1 ? formatAmount(devices, 'device') : '',
    state !== 'to-run' || estimate === null ? '' : formatEstimate(estimate),
    renderNeeds(stage),
  ];
  return { text: `${prefix}${MARKS[state]} ${stage.id.slice(stage.id.lastIndexOf('/') + 1)}`, cells };
}

function renderNeeds({ id, needs }: Stage): string {
  if (needs.length === 0) return '';
  if (needs.length > 2) return `needs ${formatAmount(needs.length, 'stage')}`;
  return `needs ${needs.map((need) => shortenStageId(need, id)).join(', ')}`;
}

function formatUnless0(value: number | null, format: (value: number) => string): string {
  if (value === null) return '?';
  return value === 0 ? '' : format(value);
}

/** Columns of cells: why, steps, images, bytes, devices, time, needs. Texts stand to the left, numbers to the right. */
const COLUMNS = ['text', 'number', 'number', 'number', 'number', 'number', 'text'] as const;

/** Sets the cells under each other, and leaves out columns that are empty. */
function alignLines(lines: readonly Line[]): string[] {
  const textWidth = maxOf(lines, (line) => (line.cells ? line.text.length : 0));
  const widths = COLUMNS.map((_, column) =>
    Math.min(
      MAX_CELL_WIDTH,
      maxOf(lines, (line) => line.cells?.[column]?.length ?? 0),
    ),
  );
  return lines.map(({ text, cells }) => {
    if (!cells) return text;
    const padded = cells.map((cell, column) => padCell(cell, widths[column]!, COLUMNS[column]!));
    const shown = padded.filter((_, column) => widths[column]! > 0);
    return [text.padEnd(textWidth), ...shown].join('  ').trimEnd();
  });
}

function padCell(cell: string, width: number, kind: 'text' | 'number'): string {
  return kind === 'text' ? cell.padEnd(width) : cell.padStart(width);
}

function renderTotals(totals: PlanTotals): string {
  const states = [
    `${totals.toRun} to run`,
    `${totals.upToDate} up to date`,
    ...(totals.notSelected > 0 ? [`${totals.notSelected} not selected`] : []),
    ...(totals.unavailable > 0 ? [`${totals.unavailable} that cannot run here`] : []),
  ];
  const heading = `${formatAmount(totals.stages, 'stage')}: ${states.join(', ')}.`;
  if (totals.toRun === 0) return `${heading} Nothing to do.`;
  return [heading, `To run: ${renderWork(totals).join(', ')}.`].join('\n');
}

function renderWork(totals: PlanTotals): string[] {
  const { steps, images, diskBytes, estimatedMs, withoutSize, withoutEstimate } = totals;
  return [
    `${formatCount(steps)} steps`,
    `${formatCount(images)} images`,
    `${formatBytes(diskBytes)} on disk`,
    ...(estimatedMs > 0 ? [`~${formatDuration(estimatedMs)} of computing, one stage after another`] : []),
    ...(withoutSize > 0 ? [`${formatAmount(withoutSize, 'stage')} of unknown size`] : []),
    ...(withoutEstimate > 0 ? [`${formatAmount(withoutEstimate, 'stage')} without an estimate of time`] : []),
  ];
}

function branch(last: boolean): string {
  return last ? '└─ ' : '├─ ';
}

function trunk(last: boolean): string {
  return last ? '   ' : '│  ';
}

function maxOf<Item>(items: readonly Item[], measure: (item: Item) => number): number {
  return items.reduce((max, item) => Math.max(max, measure(item)), 0);
}

/** Groups in the order of first appearance. */
function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/** `~1m 40s`, and `<1s` as it is. */
function formatEstimate(ms: number): string {
  const text = formatDuration(ms);
  return text.startsWith('<') ? text : `~${text}`;
}
