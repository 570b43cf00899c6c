// Running means of what a step measures, weighted by how many images each value stands for.

/** Mean loss of a batch, and accuracies in percent. */
export interface StepMeasure {
  readonly loss: number;
  readonly acc1: number;
  readonly acc5: number;
}

export class StepMeter {
  #sums = { loss: 0, acc1: 0, acc5: 0 };
  #count = 0;

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
}
