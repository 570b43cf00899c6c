import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  cutMetricsLog,
  type MetricsRow,
  openMetricsLog,
  readMetricsLog,
  renderWithoutTimes,
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

describe('cut back to where a checkpoint was written', () => {
  const rowOf = (step: number, changes: Partial<MetricsRow> = {}): MetricsRow => ({
    step,
    epoch: 0,
    split: 'train',
    loss: 1 / step,
    ...changes,
  });

  /** A log of six rows, and what a checkpoint after four of them says. */
  function writeSix() {
    const file = makeFile();
    const log = openMetricsLog(file);
    for (const step of [1, 2, 3, 4]) log.append(rowOf(step, { timeMs: 10 * step }));
    const mark = log.mark(4);
    for (const step of [5, 6]) log.append(rowOf(step));
    log.close();
    return { file, mark };
  }
  const stepsIn = (file: string) => readMetricsLog(file).map(({ step }) => step);

  test('a log has exactly the rows of before, times included, and goes on from there', () => {
    const { file, mark } = writeSix();
    const first = readFileSync(file, 'utf8').split('\n').slice(0, 4).join('\n');
    appendFileSync(file, '{"step":7,"ep');
    expect(cutMetricsLog(file, mark)).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(`${first}\n`);
    const log = openMetricsLog(file);
    expect(log.mark(4)).toEqual(mark);
    log.close();
  });

  test('other times do not make other rows', () => {
    const { file, mark } = writeSix();
    writeFileSync(file, readFileSync(file, 'utf8').replace('"timeMs":20', '"timeMs":21'));
    expect(cutMetricsLog(file, mark)).toBe(true);
    expect(stepsIn(file)).toEqual([1, 2, 3, 4]);
  });

  test('without a mark, to nothing', () => {
    const { file } = writeSix();
    expect(cutMetricsLog(file, undefined)).toBe(true);
    expect(stepsIn(file)).toEqual([]);
    expect(cutMetricsLog(makeFile(), undefined)).toBe(true);
  });

  test.each([
    ['a number was changed', (text: string) => text.replace('0.5', '0.25'), [1, 2, 3, 4]],
    ['a row is missing', (text: string) => text.split('\n').toSpliced(1, 1).join('\n'), [1, 3, 4]],
    ['rows were lost at the end', (text: string) => `${text.split('\n').slice(0, 2).join('\n')}\n`, [1, 2]],
  ])('where %s it says so, and keeps what is left', (_, edit, left) => {
    const { file, mark } = writeSix();
    writeFileSync(file, edit(readFileSync(file, 'utf8')));
    expect(cutMetricsLog(file, mark)).toBe(false);
    expect(stepsIn(file)).toEqual(left);
  });

  test('a file that is gone is a changed one', () => {
    const { mark } = writeSix();
    expect(cutMetricsLog(makeFile(), mark)).toBe(false);
  });
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
