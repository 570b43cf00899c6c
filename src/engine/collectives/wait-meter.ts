// Milliseconds spent waiting for other ranks. An operation that goes on while this rank still computes is no
// wait: the clock of each starts when the code that started it has run to its end (a microtask).

export interface WaitMeter {
  /** Counts until the promise settles; overlapping ones count once. */
  watch<T>(operation: Promise<T>): Promise<T>;
  /** Milliseconds since the last call. */
  take(): number;
}

export function createWaitMeter(now: () => number = () => performance.now()): WaitMeter {
  let waiting = 0;
  let since = 0;
  let total = 0;
  const pass = () => {
    const at = now();
    if (waiting > 0) total += at - since;
    since = at;
  };
  return {
    watch: (operation) => {
      let state: 'new' | 'counted' | 'settled' = 'new';
      queueMicrotask(() => {
        if (state !== 'new') return;
        pass();
        waiting++;
        state = 'counted';
      });
      const settle = () => {
        if (state === 'counted') {
          pass();
          waiting--;
        }
        state = 'settled';
      };
      operation.then(settle, settle);
      return operation;
    },
    take: () => {
      pass();
      const taken = total;
      total = 0;
      return taken;
    },
  };
}
