// What the detectors of warnings know of a training: its numbers every few steps, and the task they belong to.

/** One line of metrics. */
export interface LoggedStep {
  /** Steps taken. */
  readonly step: number;
  readonly loss: number;
  /** In percent. */
  readonly acc1: number;
  /** Standard deviation of a coordinate of the unit-length keys over a batch, mean over the coordinates. */
  readonly featureStd: number;
}

/** The classification that InfoNCE is. */
export interface ContrastTask {
  /** K. */
  readonly queueSize: number;
  /** Keys that enter the queue in a step. */
  readonly keysPerStep: number;
  /** C. */
  readonly dim: number;
  /** Losses that are added: 2 where it is symmetric. */
  readonly terms: number;
}

/** Looks at the lines so far, earliest first; says what is wrong with them, or nothing. */
export type Detector = (lines: readonly LoggedStep[], task: ContrastTask) => string | undefined;

/** Steps until the queue holds nothing but keys of the training. */
export function countFillSteps({ queueSize, keysPerStep }: ContrastTask): number {
  return Math.ceil(queueSize / keysPerStep);
}

/** Loss of guessing: ln(K + 1) a term. */
export function chanceOf({ queueSize, terms }: ContrastTask): number {
  return terms * Math.log(queueSize + 1);
}

/** `ln(K + 1) = 11.090`, with the 2 of a symmetric loss. */
export function describeChance(task: ContrastTask): string {
  const factor = task.terms === 1 ? '' : `${task.terms} `;
  return `${factor}ln(K + 1) = ${chanceOf(task).toFixed(3)}`;
}

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
