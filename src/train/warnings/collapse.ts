// Collapse: all images get the same feature. The standard deviation of a coordinate then goes to 0, where
// features that fill the sphere have 1 / sqrt(C); or all logits are equal, and the key stands first among equals.

import {
  average,
  type ContrastTask,
  chanceOf,
  countFillSteps,
  type Detector,
  describeChance,
  type LoggedStep,
} from './contrast-task.ts';

const LINES = 5;
/** An untrained network's features are close together: it gets so many steps to spread them. */
const PATIENCE_STEPS = 200;
/** Share of 1 / sqrt(C) below which features are one. */
const LEAST_SPREAD = 0.05;
/** Relative distance from chance within which logits are equal. */
const EQUAL = 1e-3;

const HINT =
  'Lower optimizer.lr, check that moco.shuffleBn is on (or model.bn is split), and look at the crops.';

export const detectCollapse: Detector = (lines, task) => {
  const recent = lines.slice(-LINES);
  const earliest = Math.max(countFillSteps(task), PATIENCE_STEPS);
  if (recent.length < LINES || recent[0]!.step <= earliest) return undefined;
  const sphere = 1 / Math.sqrt(task.dim);
  const spread = average(recent.map(({ featureStd }) => featureStd));
  if (recent.every(({ featureStd }) => featureStd < LEAST_SPREAD * sphere))
    return `The features collapse: the standard deviation of their coordinates is ${spread.toPrecision(2)}, where ${sphere.toPrecision(3)} fills the sphere. ${HINT}`;
  if (recent.every((line) => hasEqualLogits(line, task)))
    return `The logits are equal: the loss is ${describeChance(task)}, and no negative is above a key. ${HINT}`;
  return undefined;
};

function hasEqualLogits({ loss, acc1 }: LoggedStep, task: ContrastTask): boolean {
  const chance = chanceOf(task);
  return Math.abs(loss - chance) < EQUAL * chance && acc1 > 99;
}
