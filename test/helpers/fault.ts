// What goes wrong with a rank of test/rig/faulty-worker.mjs.

/** On rank `rank`, the `after`-th time that it comes to `at`. */
export interface Fault {
  readonly rank: number;
  readonly at: 'forward' | 'allReduce' | 'save';
  readonly after: number;
  readonly how: 'kill' | 'hang';
}
