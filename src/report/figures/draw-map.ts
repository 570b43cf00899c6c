// Held-out features in the plane, a marker and a colour a class.

import * as Plot from '@observablehq/plot';
import { composeFigure } from './compose-figure.ts';
import { styleOf, type Theme } from './theme.ts';

export interface MapFigure {
  readonly key: string;
  readonly title: string;
  readonly classes: readonly string[];
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: number }[];
}

const SIDE = 460;

/** Draws the figure. It has no axes: coordinates mean nothing, only nearness does. */
export function drawMap({ title, classes, points }: MapFigure, theme: Theme): string {
  const styles = classes.map((_, index) => styleOf(theme, index));
  return composeFigure(
    {
      ...{ theme, title, width: SIDE, height: 380 },
      legend: classes.map((label, index) => ({ label, style: styles[index]!, shows: 'dot' })),
      description: `${points.length} held-out images of ${classes.length} classes; near points have like features.`,
    },
    {
      ...{ margin: 8, x: { axis: null }, y: { axis: null } },
      marks: [
        Plot.frame({ stroke: theme.grid }),
        ...classes.map((name, index) => {
          const { color, marker } = styles[index]!;
          return Plot.dot(
            points.filter(({ label }) => label === index),
            {
              ...{ x: 'x', y: 'y', symbol: marker, r: 3, stroke: color, fill: color, fillOpacity: 0.3 },
              ariaDescription: `points of ${name}`,
            },
          );
        }),
      ],
    },
  );
}
