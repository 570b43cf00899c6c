// The confusion matrix of a linear classifier: of the images of each true class, the share that went to each
// predicted one. Shares are written where they fit, so that it reads without shades.

import * as Plot from '@observablehq/plot';
import { composeFigure } from './compose-figure.ts';
import type { Theme } from './theme.ts';

export interface ConfusionFigure {
  readonly key: string;
  readonly title: string;
  readonly classes: readonly string[];
  /** Share of the true class, 0 to 1; cells of 0 may be left out. */
  readonly cells: readonly ConfusionCell[];
}

export interface ConfusionCell {
  readonly truth: string;
  readonly predicted: string;
  readonly share: number;
}

const WIDTH = 460;
/** Cells with more classes than this are too small for numbers. */
const WRITTEN_CLASSES = 12;

/** Draws the figure. */
export function drawConfusion({ title, classes, cells }: ConfusionFigure, theme: Theme): string {
  const label = (name: string) => (name.length > 11 ? `${name.slice(0, 10)}…` : name);
  const side = (WIDTH - 90) / classes.length;
  // Slanted names reach down by their length.
  const below = 34 + 5 * Math.max(...classes.map((name) => label(name).length));
  const height = Math.round(side * classes.length * 0.86) + 18 + below;
  return composeFigure(
    {
      ...{ theme, title, width: WIDTH, height },
      description: `rows are true classes, columns predicted ones; the diagonal is each class's accuracy.`,
    },
    {
      ...{ marginLeft: 84, marginRight: 6, marginTop: 18, marginBottom: below, padding: 0.04 },
      x: {
        label: 'predicted class',
        labelArrow: 'none',
        labelAnchor: 'center',
        domain: classes,
        tickFormat: label,
        tickRotate: -45,
        tickSize: 0,
      },
      y: {
        label: 'true class',
        labelArrow: 'none',
        labelAnchor: 'top',
        domain: classes,
        tickFormat: label,
        tickSize: 0,
      },
      marks: [
        Plot.frame({ stroke: theme.grid }),
        Plot.cell(cells, {
          ...{
            x: 'predicted',
            y: 'truth',
            fill: theme.series[0]!,
            fillOpacity: (d: ConfusionCell) => shade(d.share),
          },
          ariaDescription: 'cells',
        }),
        ...(classes.length > WRITTEN_CLASSES
          ? []
          : [
              Plot.text(
                cells.filter(({ share }) => share >= 0.005),
                {
                  ...{
                    x: 'predicted',
                    y: 'truth',
                    text: (d: ConfusionCell) => String(Math.round(100 * d.share)),
                  },
                  ...{ fill: theme.ink, fontSize: 10.5, ariaDescription: 'percent' },
                },
              ),
            ]),
      ],
      opacity: { type: 'identity' },
    },
  );
}

/** Never so dark that the number on it could not be read. */
function shade(share: number): number {
  return 0.62 * Math.sqrt(share);
}
