// The loss that rises at first. The queue starts as random vectors, which are easy to tell from a key; the keys
// that replace them come from the same network as the query, and are not.

import { average, countFillSteps, type Detector, describeChance } from './contrast-task.ts';

const FEWEST_LINES = 4;
/** Smaller rises are noise. */
const RISE = 1.05;

export const detectQueueFilling: Detector = (lines, task) => {
  const fill = countFillSteps(task);
  const last = lines.at(-1);
  if (!last || lines.length < FEWEST_LINES || last.step > fill) return undefined;
  const half = lines.length >> 1;
  const [before, after] = [lines.slice(0, half), lines.slice(half)].map((part) =>
    average(part.map(({ loss }) => loss)),
  ) as [number, number];
  if (after < RISE * before) return undefined;
  return `The loss rises while the queue fills with keys (step ${last.step} of ${fill}): this is normal. Chance is ${describeChance(task)}; it comes near that, and falls when the queue is full.`;
};
