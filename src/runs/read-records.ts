// All records of an experiment that can be read, whatever stage they belong to.

import type { RunRecord } from './run-record.ts';
import { listRecordedStages, type RunStore } from './run-store.ts';

/** Reads the readable records of an experiment, in the order of their ids. */
export function readRecords(store: RunStore): RunRecord[] {
  return listRecordedStages(store.folder).flatMap((id) => {
    const reading = store.readRecord(id);
    return reading.state === 'ok' ? [reading.record] : [];
  });
}
