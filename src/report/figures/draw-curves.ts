// One quantity over the epochs: a line a trial, faint, and per method the mean with a band of one standard
// deviation. Data in, SVG out.

import * as Plot from '@observablehq/plot';
import { composeFigure, type LegendItem } from './compose-figure.ts';
import { styleOf, type Theme } from './theme.ts';

/** A quantity of several methods. */
export interface CurveFigure {
  /** Short and unique among a report's curves: `loss`, `lincls.top1`. */
  readonly key: string;
  readonly title: string;
  /** What the y axis shows, with its unit. */
  readonly yLabel: string;
  /** What an epoch is one of: `epoch of pre-training`. */
  readonly xLabel: string;
  readonly series: readonly CurveSeries[];
  /** Somebody else's curve. */
  readonly reference?: { readonly label: string; readonly points: readonly CurvePoint[] };
}

export interface CurveSeries {
  readonly label: string;
  /** Number of its style; a method has the same one in every figure. */
  readonly style: number;
  /** Trials with any data. */
  readonly trials: number;
  /** Over the trials that have got so far. */
  readonly mean: readonly BandPoint[];
  /** One a trial; none where there are too many to tell apart. */
  readonly lines: readonly (readonly CurvePoint[])[];
}

/** After so many epochs. */
export interface CurvePoint {
  readonly epoch: number;
  readonly value: number;
}

export interface BandPoint extends CurvePoint {
  /** Population standard deviation over the trials. */
  readonly std: number;
  readonly trials: number;
}

const WIDTH = 460;
const HEIGHT = 250;
/** Markers along a mean, so that it is known without its colour. */
const MARKERS = 6;

/** Draws the figure. Marks are labelled, so that a reader of the SVG finds a method's data. */
export function drawCurves(figure: CurveFigure, theme: Theme): string {
  const { title, yLabel, xLabel, series, reference } = figure;
  const legend = listLegend(figure, theme);
  const count = series.map(({ label, trials }) => `${label} (${trials})`).join(', ');
  return composeFigure(
    {
      ...{ theme, title, width: WIDTH, height: HEIGHT, legend },
      description: `${yLabel} over ${xLabel}; mean and standard deviation over trials: ${count}.`,
    },
    {
      ...{ marginLeft: 56, marginRight: 14, marginTop: 22, marginBottom: 38 },
      x: {
        label: xLabel,
        labelArrow: 'none',
        labelAnchor: 'center',
        nice: false,
        tickFormat: 'd',
        ticks: chooseTicks(series),
      },
      y: { label: yLabel, labelArrow: 'none', nice: true, ticks: 5, tickFormat: formatTick },
      marks: [
        Plot.gridY({ stroke: theme.grid, strokeOpacity: 1, ticks: 5 }),
        ...(reference ? [drawReference(reference.points, theme)] : []),
        ...series.flatMap((each) => drawSeries(each, theme)),
      ],
    },
  );
}

function drawSeries({ label, style, lines, mean }: CurveSeries, theme: Theme): Plot.Markish[] {
  const { color, dash, marker } = styleOf(theme, style);
  const dashed = dash === 'none' ? {} : { strokeDasharray: dash };
  const single = mean.length === 1;
  const every = Math.max(1, Math.ceil(mean.length / MARKERS));
  const marked = mean.filter((_, index) => (index + style) % every === 0);
  return [
    Plot.areaY(mean, {
      ...{ x: 'epoch', y1: (d: BandPoint) => d.value - d.std, y2: (d: BandPoint) => d.value + d.std },
      ...{ fill: color, fillOpacity: 0.16, ariaDescription: `band of ${label}` },
    }),
    ...lines.map((points, index) =>
      Plot.line(points, {
        ...{ x: 'epoch', y: 'value', stroke: color, strokeOpacity: 0.4, strokeWidth: 0.8 },
        ariaDescription: `trial ${index + 1} of ${label}`,
      }),
    ),
    Plot.line(mean, {
      ...{ x: 'epoch', y: 'value', stroke: color, strokeWidth: 2, ...dashed },
      ariaDescription: `mean of ${label}`,
    }),
    Plot.dot(single ? mean : marked, {
      ...{ x: 'epoch', y: 'value', symbol: marker, r: 3.2, stroke: color, fill: theme.background },
      ...{ strokeWidth: 1.4, ariaDescription: `markers of ${label}` },
    }),
  ];
}

function drawReference(points: readonly CurvePoint[], theme: Theme): Plot.Markish {
  return Plot.line(points, {
    ...{ x: 'epoch', y: 'value', stroke: theme.ink, strokeWidth: 1.4, strokeDasharray: '1 3' },
    ariaDescription: 'reference',
  });
}

function listLegend({ series, reference }: CurveFigure, theme: Theme): LegendItem[] {
  const own = series.map(({ label, style, trials }) => ({
    label,
    note: ` (n = ${trials})`,
    style: styleOf(theme, style),
    shows: 'both' as const,
  }));
  if (!reference) return own;
  const style = { color: theme.ink, dash: '1 3', marker: 'circle' } as const;
  return [...own, { label: reference.label, style, shows: 'line' }];
}

/** Whole epochs, at most eight ticks. */
function chooseTicks(series: readonly CurveSeries[]): number {
  const longest = Math.max(1, ...series.flatMap(({ mean }) => mean.map(({ epoch }) => epoch)));
  return Math.min(8, longest);
}

/** Three digits, and no zeros behind them. */
function formatTick(value: number): string {
  return String(Number(value.toPrecision(3)));
}
