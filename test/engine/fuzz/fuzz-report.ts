// What the process of the fuzz test tells the test.

export interface FuzzReport {
  readonly calls: number;
  /** Calls that ended with an error. */
  readonly refused: number;
  /** Each a call, and what is wrong with how it went. */
  readonly faults: readonly string[];
}
