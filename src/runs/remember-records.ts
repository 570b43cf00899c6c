// A store that reads each record once: a report asks for the same ones many times.

import type { RecordReading } from './record-file.ts';
import type { RunStore } from './run-store.ts';

/** The store as it is now; what others write later is not seen. */
export function rememberRecords(store: RunStore): RunStore {
  const readings = new Map<string, RecordReading>();
  return {
    ...store,
    readRecord: (id) => {
      const known = readings.get(id);
      if (known) return known;
      const reading = store.readRecord(id);
      readings.set(id, reading);
      return reading;
    },
  };
}
