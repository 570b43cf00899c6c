// A stage's metrics as TensorBoard's scalars: one event a row, a tag a measurement.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { type MetricsLog, type MetricsRow, openMetricsLog, readMetricsLog } from '../runs/metrics-log.ts';
import { openEventFile, type UntimedEvent, writeEventFile } from './event-file.ts';

/** Opens the log of a stage's metrics, which appends to metrics.jsonl and to the event file beside it. */
export function openTrackedLog(file: string): MetricsLog {
  const rows = existsSync(file) ? readMetricsLog(file) : [];
  const log = openMetricsLog(file);
  const events = openEventFile(path.dirname(file), 'metrics', rows.map(describeRow));
  return {
    append: (row) => {
      log.append(row);
      events.append(describeRow(row));
    },
    mark: log.mark,
    close: () => {
      events.close();
      log.close();
    },
  };
}

/** Leaves what a stage found in the end, as scalars `result/<name>`. */
export function trackResult(folder: string, metrics: { readonly [name: string]: number }): void {
  const value = Object.entries(metrics).map(([name, simpleValue]) => ({
    tag: `result/${name}`,
    simpleValue,
  }));
  if (value.length > 0) writeEventFile(folder, 'result', [{ step: 0, summary: { value } }]);
}

/** Fields that say what a row is about. */
const PLACE_FIELDS = ['step', 'epoch', 'split'];

/** One event a row, at its step. */
function describeRow(row: MetricsRow): UntimedEvent {
  const value = listMeasurements(row).map(([tag, simpleValue]) => ({ tag, simpleValue }));
  return { step: row.step, summary: { value } };
}

/** `train/loss`, `val/acc1`, ... of a row. What is not a number (null is NaN or infinite) has no value. */
export function listMeasurements(row: MetricsRow): [tag: string, value: number][] {
  const measured = Object.entries(row).filter(
    (entry): entry is [string, number] => !PLACE_FIELDS.includes(entry[0]) && typeof entry[1] === 'number',
  );
  return [...measured, ['epoch', row.epoch] as const].map(([field, value]) => [
    `${row.split}/${field}`,
    value,
  ]);
}
