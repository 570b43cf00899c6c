// A loss that stays at chance though the queue has long been full: nothing is learned.

import { average, chanceOf, countFillSteps, type Detector, describeChance } from './contrast-task.ts';

const LINES = 20;
/** After the queue is full: so many times its filling, and at least so many steps. */
const PATIENCE_FILLS = 4;
const PATIENCE_STEPS = 500;
const NEAR = 0.98;

export const detectLossAtChance: Detector = (lines, task) => {
  const recent = lines.slice(-LINES);
  const fill = countFillSteps(task);
  const earliest = fill + Math.max(PATIENCE_FILLS * fill, PATIENCE_STEPS);
  if (recent.length < LINES || recent[0]!.step <= earliest) return undefined;
  const loss = average(recent.map((line) => line.loss));
  if (loss < NEAR * chanceOf(task)) return undefined;
  return `The loss is ${loss.toFixed(3)} and chance is ${describeChance(task)}, ${recent.at(-1)!.step - fill} steps after the queue was full: nothing is learned. Check optimizer.lr, moco.temperature and that both crops show the same image.`;
};
