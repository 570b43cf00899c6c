// metrics.jsonl: what a stage measured, one JSON object a line, appended as it goes. Keys stand in
// a fixed order, so that two runs of one seed give equal bytes but for the fields that tell times.

import { createHash } from 'node:crypto';
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync } from 'node:fs';
import { ProblemError } from '../core/problem.ts';
import { withRoom } from './disk-room.ts';
import { writeFileAtomic, writeWhole } from './write-file-atomic.ts';

/** In a stage's folder. */
export const METRICS_FILE = 'metrics.jsonl';

/** Fields that differ between two runs of one seed. They stand last in a line. */
export const TIME_FIELDS = ['dataTimeMs', 'stepTimeMs', 'timeMs', 'imagesPerSecond'] as const;

/** One line. Further fields are measurements: `loss`, `acc1`, `lr`, ... */
export interface MetricsRow {
  /** Optimiser steps taken so far. */
  readonly step: number;
  /** 0-based. */
  readonly epoch: number;
  readonly split: 'train' | 'val';
  /** JSON knows neither NaN nor infinity; they are written as null. */
  readonly [field: string]: number | string | null;
}

/** How far a log has come: what a checkpoint says of the rows before it. The same for two runs of one seed. */
export interface MetricsMark {
  /** Optimiser steps taken. */
  readonly step: number;
  readonly rows: number;
  /** Of those rows without their times, hex. */
  readonly sha256: string;
}

export interface MetricsLog {
  append(row: MetricsRow): void;
  /** Brings all rows safely to the disk, and says how many they are. */
  mark(step: number): MetricsMark;
  close(): void;
}

/** Opens a log to append to; creates it where there is none. */
export function openMetricsLog(file: string): MetricsLog {
  const before = existsSync(file) ? readMetricsLog(file) : [];
  const hash = createHash('sha256').update(renderWithoutTimes(before));
  let rows = before.length;
  const descriptor = openSync(file, 'a');
  return {
    append: (row) => {
      hash.update(renderWithoutTimes([row]));
      rows++;
      withRoom(file, () => writeWhole(descriptor, Buffer.from(renderRow(row))));
    },
    mark: (step) => {
      withRoom(file, () => fdatasyncSync(descriptor));
      return { step, rows, sha256: hash.copy().digest('hex') };
    },
    close: () => closeSync(descriptor),
  };
}

/** A log that keeps nothing, for the ranks that keep no files. */
export function createNoLog(): MetricsLog {
  return { append: () => {}, mark: (step) => ({ step, rows: 0, sha256: '' }), close: () => {} };
}

/** Reads a log. A last line that a killed process left unfinished does not count. */
export function readMetricsLog(file: string): MetricsRow[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line, index) => parseRow(line, `${file}:${index + 1}`));
}

/**
 * Cuts a log back to a mark, or to nothing where there is none.
 *
 * @returns false where the rows before the mark are not those that were written: what is left of them stays
 */
export function cutMetricsLog(file: string, mark: MetricsMark | undefined): boolean {
  const rows = existsSync(file) ? readMetricsLog(file) : [];
  const kept = rows.slice(0, mark?.rows ?? 0);
  const isWhole = !mark || hashRows(kept) === mark.sha256;
  const left = isWhole ? kept : rows.filter(({ step }) => step <= mark.step);
  if (existsSync(file)) writeFileAtomic(file, left.map(renderRow));
  return isWhole;
}

function hashRows(rows: readonly MetricsRow[]): string {
  return createHash('sha256').update(renderWithoutTimes(rows)).digest('hex');
}

/** Renders rows without their times: equal for two runs of one seed. */
export function renderWithoutTimes(rows: readonly MetricsRow[]): string {
  const isTime = (field: string) => TIME_FIELDS.some((time) => time === field);
  return rows
    .map((row) =>
      renderRow(Object.fromEntries(Object.entries(row).filter(([key]) => !isTime(key))) as MetricsRow),
    )
    .join('');
}

const FIRST_FIELDS = ['step', 'epoch', 'split'];

/** Step, epoch and split, then measurements by name, then times. */
function renderRow(row: MetricsRow): string {
  const isPlaced = (field: string) => [...FIRST_FIELDS, ...TIME_FIELDS].includes(field);
  const measured = Object.keys(row).filter((field) => !isPlaced(field));
  const times = TIME_FIELDS.filter((field) => row[field] !== undefined);
  const fields = [...FIRST_FIELDS, ...measured.sort(), ...times];
  return `${JSON.stringify(Object.fromEntries(fields.map((field) => [field, row[field]])))}\n`;
}

function parseRow(line: string, where: string): MetricsRow {
  try {
    const row = JSON.parse(line) as MetricsRow;
    if (Number.isInteger(row?.step) && Number.isInteger(row.epoch)) return row;
  } catch {
    // Falls through to the problem below.
  }
  throw new ProblemError({
    code: 'METRICS_UNREADABLE',
    message: `Expected an object with step and epoch at ${where} but received ${line.slice(0, 60)}.`,
    hint: 'The file was changed or damaged. Delete the folder of the stage to run it again.',
  });
}
