// Where a training loop is: epoch, batch, the epoch's meter, and when the last checkpoint was written.
// Starts at nothing or at what a checkpoint says, and says the same to the next one.

import { type StepMeasure, StepMeter } from '../train/meter.ts';
import type { TrainingProgress } from './training-progress.ts';

const MINUTE_MS = 60_000;

/** Where to start: after whole epochs, or where an interrupted run stood. */
export interface TrainingStart {
  readonly epochs: number;
  readonly progress?: TrainingProgress;
  /** The batches of its epoch may be done, but what follows them is not. */
  readonly isEpochOpen?: boolean | undefined;
}

export class TrainingPosition {
  readonly batchesPerEpoch: number;
  readonly #firstStep: number;
  #epoch: number;
  #batch: number;
  #meter: StepMeter;
  #epochBegan: number;
  #lastMeans: StepMeasure | undefined;
  #savedStep: number;
  #savedAt = performance.now();

  constructor(batchesPerEpoch: number, { epochs, progress, isEpochOpen = false }: TrainingStart) {
    this.batchesPerEpoch = batchesPerEpoch;
    this.#epoch = progress?.epoch ?? epochs;
    this.#batch = progress?.batch ?? 0;
    this.#meter = new StepMeter(progress?.meter);
    this.#epochBegan = performance.now() - (progress?.epochTimeMs ?? 0);
    this.#firstStep = this.step;
    this.#savedStep = this.step;
    if (this.isAtEnd && !isEpochOpen) this.endEpoch();
  }

  /** 0-based. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Batches of the epoch that are done. */
  get batch(): number {
    return this.#batch;
  }

  /** Steps of the whole training that are done. */
  get step(): number {
    return this.#epoch * this.batchesPerEpoch + this.#batch;
  }

  /** Of those, the ones of this process. */
  get ownSteps(): number {
    return this.step - this.#firstStep;
  }

  /** All batches of the epoch are done. */
  get isAtEnd(): boolean {
    return this.#batch === this.batchesPerEpoch;
  }

  get meter(): StepMeter {
    return this.#meter;
  }

  get epochTimeMs(): number {
    return performance.now() - this.#epochBegan;
  }

  /** Means of the last whole epoch; undefined before there was one. */
  get lastMeans(): StepMeasure | undefined {
    return this.#lastMeans;
  }

  /** A batch is done. */
  advance(): void {
    this.#batch++;
  }

  /** All batches of the epoch are done: the next one begins. */
  endEpoch(): void {
    this.#lastMeans = this.#meter.means;
    this.#epoch++;
    this.#batch = 0;
    this.#meter = new StepMeter();
    this.#epochBegan = performance.now();
  }

  /** In the middle of an epoch: whether so much time has gone since a checkpoint was written. */
  isDue(everyMinutes: number): boolean {
    const isInside = this.#batch > 0 && !this.isAtEnd;
    return isInside && performance.now() - this.#savedAt >= everyMinutes * MINUTE_MS;
  }

  /** Whether a checkpoint now would hold more than the last one. */
  get isUnsaved(): boolean {
    return this.step > this.#savedStep;
  }

  noteSaved(): void {
    this.#savedStep = this.step;
    this.#savedAt = performance.now();
  }

  /** What a checkpoint says of it. */
  describe(): Pick<TrainingProgress, 'epoch' | 'batch' | 'batchesPerEpoch' | 'meter' | 'epochTimeMs'> {
    return {
      epoch: this.#epoch,
      batch: this.#batch,
      batchesPerEpoch: this.batchesPerEpoch,
      meter: this.#meter.state,
      // Of no more use at the epoch's end, where the same seed gives the same file.
      epochTimeMs: this.isAtEnd ? 0 : this.epochTimeMs,
    };
  }
}
