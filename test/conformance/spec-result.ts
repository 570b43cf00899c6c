// What became of one spec of tfjs-core's: what the process of the specs tells the test.

export interface SpecResult {
  readonly name: string;
  /** 'excluded' and 'pending' are tfjs's own decisions. */
  readonly status: 'passed' | 'failed' | 'excluded' | 'pending';
  /** First line of each expectation that did not hold. */
  readonly failures: readonly string[];
  /** Kernels of ours that it called. */
  readonly called: readonly string[];
  /** Kernels that it called and that we don't have. */
  readonly missing: readonly string[];
}
