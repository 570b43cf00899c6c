// The graph of an experiment, a row a method: its stages in order, how many trials of each are done, and how
// long one takes. Trials of a method are one row, so that a thousand of them still fit.

import * as Plot from '@observablehq/plot';
import { composeFigure } from './compose-figure.ts';
import { fitLabel } from './fit-label.ts';
import type { Theme } from './theme.ts';

export interface GraphFigure {
  readonly key: string;
  readonly title: string;
  readonly methods: readonly GraphRow[];
}

export interface GraphRow {
  readonly label: string;
  readonly nodes: readonly GraphNode[];
}

export interface GraphNode {
  readonly name: string;
  /** Column, from 0; stages of one column run side by side. */
  readonly column: number;
  readonly state: 'done' | 'running' | 'failed' | 'open';
  /** `3/5`. */
  readonly count: string;
  /** `1m 40s`; empty where none has finished. */
  readonly time: string;
}

const COLUMN_WIDTH = 142;
const BOX = { width: 118, height: 40 };
const FONT_SIZE = 11.5;
const ROW_GAP = 26;
const LINE_HEIGHT = 52;
const MARKS = { done: '✓', running: '▸', failed: '✗', open: '·' } as const;

interface PlacedNode extends GraphNode {
  readonly x: number;
  readonly y: number;
}

/** Draws the figure. */
export function drawGraph({ title, methods }: GraphFigure, theme: Theme): string {
  const rows = placeRows(methods);
  const nodes = rows.flatMap(({ nodes }) => nodes);
  const columns = Math.max(1, ...nodes.map(({ column }) => column + 1));
  const width = columns * COLUMN_WIDTH;
  const height = (rows.at(-1)?.bottom ?? 0) + 4;
  const colorOf = ({ state }: GraphNode) =>
    ({ done: theme.series[2]!, running: theme.series[0]!, failed: theme.series[1]!, open: theme.muted })[
      state
    ];
  return composeFigure(
    {
      ...{ theme, title, width, height },
      description: methods
        .map(
          ({ label, nodes }) =>
            `${label}: ${nodes.map(({ name, count, time }) => `${name} ${count} ${time}`).join(', ')}`,
        )
        .join('; '),
    },
    {
      ...{ margin: 0, x: { axis: null, domain: [0, width] }, y: { axis: null, domain: [height, 0] } },
      marks: [
        Plot.link(
          rows.flatMap(({ nodes }) => listLinks(nodes)),
          {
            ...{
              x1: 'x1',
              y1: 'y1',
              x2: 'x2',
              y2: 'y2',
              stroke: theme.muted,
              strokeWidth: 1.2,
              ariaDescription: 'needs',
            },
          },
        ),
        Plot.rect(nodes, {
          ...{
            x1: 'x',
            x2: (d: PlacedNode) => d.x + BOX.width,
            y1: 'y',
            y2: (d: PlacedNode) => d.y + BOX.height,
          },
          ...{ rx: 5, fill: theme.background, stroke: colorOf, strokeWidth: 1.5, ariaDescription: 'stages' },
        }),
        Plot.text(nodes, {
          ...{
            x: (d: PlacedNode) => d.x + 9,
            y: (d: PlacedNode) => d.y + 13,
            textAnchor: 'start',
            fontWeight: 600,
          },
          ...{ text: nameNode, fill: theme.ink, fontSize: FONT_SIZE },
        }),
        Plot.text(nodes, {
          ...{ x: (d: PlacedNode) => d.x + 9, y: (d: PlacedNode) => d.y + 29, textAnchor: 'start' },
          ...{
            text: (d: PlacedNode) => [d.count, d.time].filter(Boolean).join('  '),
            fill: theme.muted,
            fontSize: 11,
          },
        }),
        Plot.text(rows, {
          ...{
            x: 0,
            y: 'top',
            text: ({ label }: PlacedRow) => fitLabel(label, { width, fontSize: 12 }),
            textAnchor: 'start',
            dy: 8,
            fill: theme.ink,
            fontWeight: 600,
          },
        }),
      ],
      color: { type: 'identity' },
    },
  );
}

/** `✓ knn`, within its box. */
function nameNode({ state, name }: GraphNode): string {
  return fitLabel(`${MARKS[state]} ${name}`, { width: BOX.width - 16, fontSize: FONT_SIZE });
}

interface PlacedRow {
  readonly label: string;
  readonly top: number;
  readonly bottom: number;
  readonly nodes: readonly PlacedNode[];
}

function placeRows(methods: readonly GraphRow[]): PlacedRow[] {
  let top = 0;
  return methods.map(({ label, nodes }) => {
    const lines = new Map<number, number>();
    const placed = nodes.map((node): PlacedNode => {
      const line = lines.get(node.column) ?? 0;
      lines.set(node.column, line + 1);
      return { ...node, x: node.column * COLUMN_WIDTH + 1, y: top + 20 + line * LINE_HEIGHT };
    });
    const bottom = top + 20 + Math.max(1, ...lines.values()) * LINE_HEIGHT - (LINE_HEIGHT - BOX.height);
    const row = { label, top, bottom, nodes: placed };
    top = bottom + ROW_GAP;
    return row;
  });
}

/** From every box to those of the next column. */
function listLinks(nodes: readonly PlacedNode[]) {
  return nodes.flatMap((from) =>
    nodes
      .filter((to) => to.column === from.column + 1)
      .map((to) => ({
        ...{ x1: from.x + BOX.width, y1: from.y + BOX.height / 2 },
        ...{ x2: to.x, y2: to.y + BOX.height / 2 },
      })),
  );
}
