import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  type MetricsRow,
  openMetricsLog,
  readMetricsLog,
  renderWithoutTimes,
  resumeMetricsLog,
  TIME_FIELDS,
} from '../../src/runs/metrics-log.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeFolder } from '../helpers/make-record.ts';

const makeFile = () => path.join(makeFolder(), 'metrics.jsonl');

function write(file: string, rows: readonly MetricsRow[]): void {
  const log = openMetricsLog(file);
  for (const row of rows) log.append(row);
  log.close();
}

test('a line has step, epoch and split first, times last, and the rest by name', () => {
  const file = makeFile();
  write(file, [
    { timeMs: 1, loss: 6.5, split: 'train', acc1: 0, stepTimeMs: 2, epoch: 0, step: 10, lr: 0.03 },
  ]);
  expect(readFileSync(file, 'utf8')).toBe(
    '{"step":10,"epoch":0,"split":"train","acc1":0,"loss":6.5,"lr":0.03,"stepTimeMs":2,"timeMs":1}\n',
  );
});

test('two runs differ in their times alone', () => {
  const row = { step: 1, epoch: 0, split: 'val', loss: 0.1 } as const;
  const rows = [{ ...row, ...Object.fromEntries(TIME_FIELDS.map((field) => [field, 5])) }];
  expect(renderWithoutTimes(rows)).toBe(renderWithoutTimes([{ timeMs: 9, ...row }]));
  expect(renderWithoutTimes(rows)).not.toBe(renderWithoutTimes([{ ...row, loss: 0.2 }]));
});

test('a log is continued where it ended', () => {
  const file = makeFile();
  write(file, [{ step: 1, epoch: 0, split: 'train', loss: 2 }]);
  write(file, [{ step: 2, epoch: 0, split: 'train', loss: 1 }]);
  expect(readMetricsLog(file).map((row) => row.loss)).toEqual([2, 1]);
});

test('NaN and infinity are written as null', () => {
  const file = makeFile();
  write(file, [{ step: 1, epoch: 0, split: 'train', loss: Number.NaN, lr: Number.POSITIVE_INFINITY }]);
  expect(readMetricsLog(file)).toEqual([{ step: 1, epoch: 0, split: 'train', loss: null, lr: null }]);
});

test('a line that was never finished does not count, and truncating removes it', () => {
  const file = makeFile();
  write(
    file,
    [0, 1, 2].map((epoch) => ({ step: epoch + 1, epoch, split: 'train' as const, loss: 1 })),
  );
  appendFileSync(file, '{"step":4,"ep');
  expect(readMetricsLog(file)).toHaveLength(3);
  resumeMetricsLog(file, 2);
  expect(readFileSync(file, 'utf8')).toBe(
    '{"step":1,"epoch":0,"split":"train","loss":1}\n{"step":2,"epoch":1,"split":"train","loss":1}\n',
  );
});

test('a damaged line is named', () => {
  const file = makeFile();
  writeFileSync(file, '{"step":1,"epoch":0,"split":"train"}\nnonsense\n');
  expect(catchProblems(() => readMetricsLog(file))).toEqual([
    {
      code: 'METRICS_UNREADABLE',
      message: `Expected an object with step and epoch at ${file}:2 but received nonsense.`,
      hint: 'The file was changed or damaged. Delete the folder of the stage to run it again.',
    },
  ]);
});
