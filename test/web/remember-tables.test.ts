// Curves that are kept in memory: what is read again, and when.

import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type EpochTable, showPoints } from '../../src/report/details/epoch-table.ts';
import { rememberTables } from '../../src/web/remember-tables.ts';
import { makeFolder } from '../helpers/make-record.ts';

function listLoss(table: EpochTable) {
  const points: { epoch: number; value: number }[] = [];
  showPoints(table, { split: 'train', field: 'epochLoss' })((epoch, value) => points.push({ epoch, value }));
  return points;
}
const renderEpoch = (epoch: number, epochLoss: number) =>
  `${JSON.stringify({ step: 9, epoch, split: 'train', epochLoss })}\n`;

function makeFile(name = 'metrics.jsonl', folder = makeFolder()): string {
  const file = path.join(folder, name);
  writeFileSync(file, renderEpoch(0, 5));
  return file;
}

test('a file that has not changed is not read again; one that grew or was replaced is', () => {
  const file = makeFile();
  const read = rememberTables();
  const first = read(file);
  expect(read(file)).toBe(first);
  appendFileSync(file, renderEpoch(1, 4));
  expect(listLoss(read(file))).toEqual([
    { epoch: 1, value: 5 },
    { epoch: 2, value: 4 },
  ]);
  const other = makeFile('other', path.dirname(file));
  writeFileSync(other, renderEpoch(0, 6) + renderEpoch(1, 3));
  renameSync(other, file);
  expect(listLoss(read(file)).map(({ value }) => value)).toEqual([6, 3]);
});

test('a file that comes later is seen', () => {
  const folder = makeFolder();
  const read = rememberTables();
  expect(listLoss(read(path.join(folder, 'metrics.jsonl')))).toEqual([]);
  expect(listLoss(read(makeFile('metrics.jsonl', folder)))).toEqual([{ epoch: 1, value: 5 }]);
});

test('beyond its memory the one that was not asked for the longest is forgotten', () => {
  const [a, b, c] = [makeFile(), makeFile(), makeFile()];
  // step, epoch and epochLoss of one row: 24 bytes a table.
  const read = rememberTables(48);
  const [ofA, ofB] = [read(a), read(b)];
  expect(read(a)).toBe(ofA);
  read(c);
  expect(read(a)).toBe(ofA);
  expect(read(b)).not.toBe(ofB);
  expect(read(b)).toEqual(ofB);
});

test('what alone is more than its memory is kept while nothing else is asked for', () => {
  const [a, b] = [makeFile(), makeFile()];
  const read = rememberTables(1);
  const ofA = read(a);
  expect(read(a)).toBe(ofA);
  read(b);
  expect(read(a)).not.toBe(ofA);
});
