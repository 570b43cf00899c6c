// Running means of what a step measures, weighted by how many images each value stands for.

/** Mean loss of a batch, and accuracies in percent. */
export interface StepMeasure {
  readonly loss: number;
  readonly acc1: number;
  readonly acc5: number;
}

/** What a meter has added up, to go on from. */
export interface MeterState extends StepMeasure {
  readonly count: number;
}

export class StepMeter {
  #sums: { loss: number; acc1: number; acc5: number };
  #count: number;

  constructor({ count, ...sums }: MeterState = { loss: 0, acc1: 0, acc5: 0, count: 0 }) {
    this.#sums = sums;
    this.#count = count;
  }

  add({ loss, acc1, acc5 }: StepMeasure, count: number): void {
    this.#sums.loss += loss * count;
    this.#sums.acc1 += acc1 * count;
    this.#sums.acc5 += acc5 * count;
    this.#count += count;
  }

  /** Means so far; NaN before the first value. */
  get means(): StepMeasure {
    const { loss, acc1, acc5 } = this.#sums;
    return { loss: loss / this.#count, acc1: acc1 / this.#count, acc5: acc5 / this.#count };
  }

  get state(): MeterState {
    return { ...this.#sums, count: this.#count };
  }
}
