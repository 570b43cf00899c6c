// Accuracy of the linear classifier class by class, one marker a method: means over the trials.

import * as Plot from '@observablehq/plot';
import { composeFigure } from './compose-figure.ts';
import { type SeriesStyle, styleOf, type Theme } from './theme.ts';

export interface ClassesFigure {
  readonly key: string;
  readonly title: string;
  /** From top to bottom. */
  readonly classes: readonly string[];
  readonly series: readonly {
    readonly label: string;
    readonly style: number;
    /** Percent, one a class. */
    readonly accuracies: readonly number[];
  }[];
}

const WIDTH = 460;
const ROW_HEIGHT = 21;

/** Draws the figure. */
export function drawClasses({ title, classes, series }: ClassesFigure, theme: Theme): string {
  const legend = series.map(({ label, style }) => ({
    label,
    style: styleOf(theme, style),
    shows: 'dot' as const,
  }));
  return composeFigure(
    {
      ...{ theme, title, width: WIDTH, height: 52 + classes.length * ROW_HEIGHT, legend },
      description: `percent of the held-out images of each class, for ${series.map(({ label }) => label).join(', ')}.`,
    },
    {
      ...{ marginLeft: 110, marginRight: 14, marginTop: 6, marginBottom: 40 },
      x: { label: 'accuracy (%)', labelArrow: 'none', labelAnchor: 'center', domain: [0, 100], ticks: 6 },
      y: {
        label: null,
        type: 'point',
        domain: classes,
        tickSize: 0,
        tickFormat: (name: string) => (name.length > 16 ? `${name.slice(0, 15)}…` : name),
      },
      marks: [
        Plot.gridX({ stroke: theme.grid, strokeOpacity: 1, ticks: 6 }),
        Plot.ruleY(classes, { stroke: theme.grid }),
        ...series.map(({ label, accuracies }, index) =>
          drawDots(
            classes.map((name, i) => ({ name, accuracy: accuracies[i]! })),
            { label, style: legend[index]!.style },
          ),
        ),
      ],
    },
  );
}

function drawDots(
  points: readonly { readonly name: string; readonly accuracy: number }[],
  { label, style: { color, marker } }: { readonly label: string; readonly style: SeriesStyle },
): Plot.Markish {
  return Plot.dot(points, {
    ...{ x: 'accuracy', y: 'name', symbol: marker, r: 4.2, stroke: color, fill: color, fillOpacity: 0.35 },
    ...{ strokeWidth: 1.4, ariaDescription: `classes of ${label}` },
  });
}
