// A running mean, weighted by how many images each value stands for.

export class Meter {
  #sum = 0;
  #count = 0;

  add(value: number, count: number): void {
    this.#sum += value * count;
    this.#count += count;
  }

  /** Mean so far; NaN before the first value. */
  get mean(): number {
    return this.#sum / this.#count;
  }
}
