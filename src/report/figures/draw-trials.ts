// Every trial of a column as a dot, the mean with its interval, and beside them the published value with the
// margin within which it counts as reproduced.

import * as Plot from '@observablehq/plot';
import { composeFigure } from './compose-figure.ts';
import { fitLabel } from './fit-label.ts';
import { styleOf, type Theme } from './theme.ts';

export interface TrialsFigure {
  readonly key: string;
  readonly title: string;
  readonly xLabel: string;
  /** Points. */
  readonly margin: number;
  readonly rows: readonly TrialsRow[];
}

export interface TrialsRow {
  readonly label: string;
  readonly style: number;
  readonly values: readonly number[];
  readonly mean: number;
  readonly published: number | null;
}

const WIDTH = 460;
const ROW_HEIGHT = 34;
const MARGIN_LEFT = 130;
/** More dots than this are drawn smaller. */
const MANY = 40;

const fitRow = (label: string) => fitLabel(label, { width: MARGIN_LEFT - 8, fontSize: 12 });

/** Draws the figure; rows without any value are left out. */
export function drawTrials({ title, xLabel, margin, rows }: TrialsFigure, theme: Theme): string {
  const published = rows.filter((row) => row.published !== null);
  const dots = rows.flatMap(({ label, style, values }) => values.map((value) => ({ label, style, value })));
  const circle = { dash: 'none', marker: 'circle' } as const;
  return composeFigure(
    {
      ...{ theme, title, width: WIDTH, height: 56 + rows.length * ROW_HEIGHT },
      legend: [
        { label: 'trial', style: { ...circle, color: theme.muted }, shows: 'dot' },
        { label: 'mean', style: { ...circle, marker: 'plus', color: theme.ink }, shows: 'dot' },
        ...(published.length > 0
          ? [
              {
                label: `published ± ${margin}`,
                style: { ...circle, marker: 'diamond', color: theme.muted } as const,
                shows: 'dot' as const,
              },
            ]
          : []),
      ],
      description: rows
        .map(({ label, mean, values }) => `${label} ${mean.toFixed(1)} of ${values.length} trials`)
        .join(', '),
    },
    {
      ...{ marginLeft: MARGIN_LEFT, marginRight: 14, marginTop: 8, marginBottom: 40 },
      x: { label: xLabel, labelArrow: 'none', labelAnchor: 'center', nice: true, ticks: 6 },
      y: {
        label: null,
        domain: rows.map(({ label }) => label),
        tickFormat: fitRow,
        tickSize: 0,
        padding: 0.3,
      },
      marks: [
        Plot.gridX({ stroke: theme.grid, strokeOpacity: 1, ticks: 6 }),
        Plot.barX(published, {
          ...{
            y: 'label',
            x1: (d: TrialsRow) => d.published! - margin,
            x2: (d: TrialsRow) => d.published! + margin,
          },
          ...{ fill: theme.muted, fillOpacity: 0.2, ariaDescription: 'margin' },
        }),
        Plot.dot(published, {
          ...{
            y: 'label',
            x: 'published',
            symbol: 'diamond',
            r: 5,
            stroke: theme.muted,
            fill: theme.background,
          },
          ariaDescription: 'published',
        }),
        Plot.dot(dots, {
          ...{ y: 'label', x: 'value', r: dots.length > MANY ? 1.6 : 3.4 },
          ...{
            stroke: (d: { style: number }) => styleOf(theme, d.style).color,
            fill: (d: { style: number }) => styleOf(theme, d.style).color,
          },
          ...{ fillOpacity: 0.35, ariaDescription: 'trials' },
        }),
        Plot.dot(rows, {
          ...{ y: 'label', x: 'mean', symbol: 'plus', r: 5, stroke: theme.ink, strokeWidth: 1.6 },
          ariaDescription: 'means',
        }),
      ],
      color: { type: 'identity' },
    },
  );
}
