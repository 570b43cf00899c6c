// Looks at a pre-training as it goes, and says each thing worth knowing once.

import { detectCollapse } from './collapse.ts';
import type { ContrastTask, Detector, LoggedStep } from './contrast-task.ts';
import { detectDataBound, type StepTimes } from './data-bound.ts';
import { detectLossAtChance } from './loss-at-chance.ts';
import { detectQueueFilling } from './queue-filling.ts';

const detectors: { readonly [name: string]: Detector } = {
  'queue filling': detectQueueFilling,
  collapse: detectCollapse,
  'loss at chance': detectLossAtChance,
};

/** Lines that are looked at; more than it takes to fill any queue. */
const LINES = 1000;

/** A warning that was given, by the detector's name. */
export interface GivenWarning {
  readonly name: string;
  readonly message: string;
}

export interface WatchOptions {
  readonly task: ContrastTask;
  readonly warn: (message: string) => void;
  /** Lines and warnings of before, where a training goes on. */
  readonly lines: readonly LoggedStep[];
  readonly given: readonly GivenWarning[];
}

export class TrainingWatch {
  readonly #options: WatchOptions;
  readonly #given: GivenWarning[];
  #lines: LoggedStep[];
  #intervals: StepTimes[] = [];
  #interval: StepTimes = { dataTimeMs: 0, stepTimeMs: 0 };
  #saidDataBound = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#lines = options.lines.slice(-LINES);
    this.#given = [...options.given];
    for (const { message } of this.#given) options.warn(message);
  }

  /** What a checkpoint keeps: the same for two runs of one seed, and so nothing about times. */
  get given(): readonly GivenWarning[] {
    return this.#given;
  }

  noteTimes({ dataTimeMs, stepTimeMs }: StepTimes): void {
    const before = this.#interval;
    this.#interval = {
      dataTimeMs: before.dataTimeMs + dataTimeMs,
      stepTimeMs: before.stepTimeMs + stepTimeMs,
    };
  }

  /** A line of metrics was written. */
  noteLine(line: LoggedStep): void {
    const { task, warn } = this.#options;
    this.#lines = [...this.#lines.slice(1 - LINES), line];
    for (const [name, detect] of Object.entries(detectors)) {
      const message = this.#given.some((each) => each.name === name) ? undefined : detect(this.#lines, task);
      if (message === undefined) continue;
      this.#given.push({ name, message });
      warn(message);
    }
    this.#endInterval();
  }

  #endInterval(): void {
    this.#intervals.push(this.#interval);
    this.#interval = { dataTimeMs: 0, stepTimeMs: 0 };
    const message = this.#saidDataBound ? undefined : detectDataBound(this.#intervals);
    if (message === undefined) return;
    this.#saidDataBound = true;
    this.#options.warn(message);
  }
}
