// Curves of trials into one mean with its spread, and into few enough points for a page.

import type { BandPoint, CurvePoint } from '../figures/draw-curves.ts';

/** More points than a figure has pixels show nothing more. */
const MAX_POINTS = 240;

/** More lines than this hide each other; then only the band is drawn. */
const MAX_LINES = 12;

/** Shows the points of one trial one by one: to make those of a thousand would take longer than to draw their mean. */
export type TrialCurve = (show: (epoch: number, value: number) => void) => void;

/** Mean and population standard deviation at each epoch, over the trials that have got there. */
export function averageCurves(trials: readonly TrialCurve[]): BandPoint[] {
  const sums = new Map<number, { count: number; mean: number; squares: number }>();
  for (const trial of trials)
    trial((epoch, value) => {
      let sum = sums.get(epoch);
      if (!sum) {
        sum = { count: 0, mean: 0, squares: 0 };
        sums.set(epoch, sum);
      }
      // Welford's update, which does not cancel where the mean is large and the spread small.
      const difference = value - sum.mean;
      sum.count++;
      sum.mean += difference / sum.count;
      sum.squares += difference * (value - sum.mean);
    });
  const points = [...sums].sort(([a], [b]) => a - b);
  return thinOut(
    points.map(([epoch, { count, mean, squares }]) => ({
      ...{ epoch, value: mean },
      std: Math.sqrt(squares / count),
      trials: count,
    })),
  );
}

/** The lines to draw one by one: all of few trials, none of many. */
export function pickLines(trials: readonly TrialCurve[]): CurvePoint[][] {
  return trials.length > 1 && trials.length <= MAX_LINES
    ? trials.map((trial) => thinOut(listPoints(trial)))
    : [];
}

function listPoints(trial: TrialCurve): CurvePoint[] {
  const points: CurvePoint[] = [];
  trial((epoch, value) => points.push({ epoch, value }));
  return points;
}

/** Every k-th point, and the last. */
function thinOut<Point>(points: readonly Point[]): Point[] {
  const every = Math.ceil(points.length / MAX_POINTS);
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}
