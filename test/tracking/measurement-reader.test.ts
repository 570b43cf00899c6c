// Following a stage's metrics while they are written.

import path from 'node:path';
import { expect, test } from 'vitest';
import { METRICS_FILE, type MetricsRow } from '../../src/runs/metrics-log.ts';
import { MeasurementReader } from '../../src/tracking/mlflow/measurement-reader.ts';
import { openTrackedLog } from '../../src/tracking/track-metrics.ts';
import { makeFolder } from '../helpers/make-record.ts';

const ROWS: readonly MetricsRow[] = [
  { step: 10, epoch: 0, split: 'train', loss: 2 },
  { step: 10, epoch: 0, split: 'train', epochLoss: 1.5 },
  { step: 10, epoch: 0, split: 'val', acc1: 25 },
  { step: 20, epoch: 1, split: 'train', loss: 1 },
];
const POSITIONS = [
  { step: 10, rows: 1 },
  { step: 10, rows: 2 },
  { step: 10, rows: 3 },
  { step: 20, rows: 1 },
];

test('rows have the same positions whether they are read one at a time, as they come, or all at once', async () => {
  const folder = makeFolder();
  const log = openTrackedLog(path.join(folder, METRICS_FILE));
  const reader = new MeasurementReader(folder);
  for (const [i, row] of ROWS.entries()) {
    log.append(row);
    const part = await reader.read();
    expect(part.rows.map(({ row, at }) => [row, at])).toEqual([[row, POSITIONS[i]]]);
    part.accept();
  }
  log.close();
  expect((await reader.read()).isLast).toBe(true);
  const whole = await new MeasurementReader(folder).read();
  expect(whole.rows.map(({ at }) => at)).toEqual(POSITIONS);
});
