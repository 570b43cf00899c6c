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

/** `train/loss`, `val/acc1`, ... at the row's step. What is not a number (null is NaN or infinite) has no value. */
function describeRow(row: MetricsRow): UntimedEvent {
  const value = Object.entries(row)
    .filter(
      (entry): entry is [string, number] => !PLACE_FIELDS.includes(entry[0]) && typeof entry[1] === 'number',
    )
    .map(([field, simpleValue]) => ({ tag: `${row.split}/${field}`, simpleValue }));
  return {
    step: row.step,
    summary: { value: [...value, { tag: `${row.split}/epoch`, simpleValue: row.epoch }] },
  };
}
