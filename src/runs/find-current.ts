// Whether what lies in a stage's folder is of the very settings that the graph asks for.

import type { Stage } from '../plan/stage-graph.ts';
import type { RunRecord } from './run-record.ts';
import type { RunStore } from './run-store.ts';

/** The record of a stage, where it has its fingerprint. */
export function findCurrent(stage: Stage, store: RunStore): RunRecord | undefined {
  const reading = store.readRecord(stage.id);
  if (reading.state !== 'ok' || reading.record.fingerprint !== stage.fingerprint) return undefined;
  return reading.record;
}

/** True if the record is current and in this state. */
export function isCurrent(stage: Stage, store: RunStore, state: RunRecord['state']): boolean {
  return findCurrent(stage, store)?.state === state;
}
