// Follows a stage's metrics.jsonl from outside, a part at a time, with the time at which each row was written, which
// stands in the event file beside it. Both files are replaced where a training goes on from a checkpoint: what was
// read is then read again.

import { open } from 'node:fs/promises';
import path from 'node:path';
import { METRICS_FILE, type MetricsRow } from '../../runs/metrics-log.ts';
import { findEventFiles, OPENING } from '../event-file.ts';
import { readWallTimes } from '../event-format.ts';
import { BEFORE_ALL, type RowPosition } from './mlflow-note.ts';

export interface TimedRow {
  readonly row: MetricsRow;
  /** Since 1970. */
  readonly timeMs: number;
  /** Where it stands in the whole file: a step has several rows, which may come minutes apart. */
  readonly at: RowPosition;
}

export interface Part {
  readonly rows: readonly TimedRow[];
  /** Nothing is left to read now. */
  readonly isLast: boolean;
  /** The next read begins behind them: call it when they are dealt with. */
  accept(): void;
}

/** Of each file, read at once. */
const PART_BYTES = 1 << 18;

interface Place {
  /** Which files these are. */
  readonly files: string;
  readonly metricsAt: number;
  readonly eventsAt: number;
  /** Of the last row before. */
  readonly last: RowPosition;
}

const START = { metricsAt: 0, eventsAt: 0, last: BEFORE_ALL };

/** Reads the rows of one stage's folder, in order. */
export class MeasurementReader {
  readonly #folder: string;
  #place: Place = { files: '', ...START };

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(): Promise<Part> {
    const metrics = await openIfThere(path.join(this.#folder, METRICS_FILE));
    if (!metrics) return NOTHING;
    try {
      const events = findEventFiles(this.#folder, 'metrics').at(-1);
      const files = `${(await metrics.stat()).ino} ${events}`;
      const place = files === this.#place.files ? this.#place : { files, ...START };
      const lines = splitLines(await readAt(metrics, place.metricsAt));
      const times = events ? await readTimes(events, place.eventsAt) : [];
      // A row is written before its event.
      const skipped = place.eventsAt === 0 ? OPENING.length : 0;
      const count = Math.max(0, Math.min(lines.length, times.length - skipped));
      let last = place.last;
      const rows = lines.slice(0, count).map((line, i) => {
        const row = this.#parse(line);
        last = { step: row.step, rows: row.step === last.step ? last.rows + 1 : 1 };
        return { row, timeMs: Math.round(1000 * times[skipped + i]!.seconds), at: last };
      });
      const next = {
        files,
        last,
        metricsAt: place.metricsAt + sum(lines.slice(0, count).map((line) => Buffer.byteLength(line) + 1)),
        eventsAt:
          count === 0
            ? place.eventsAt
            : place.eventsAt + sum(times.slice(0, skipped + count).map(({ bytes }) => bytes)),
      };
      return {
        rows,
        isLast: count === 0,
        accept: () => {
          this.#place = next;
        },
      };
    } finally {
      await metrics.close();
    }
  }

  #parse(line: string): MetricsRow {
    try {
      return JSON.parse(line) as MetricsRow;
    } catch {
      const file = path.join(this.#folder, METRICS_FILE);
      throw new Error(`${file} has a line that is not JSON: ${line.slice(0, 80)}`);
    }
  }
}

const NOTHING: Part = { rows: [], isLast: true, accept: () => {} };

type Handle = Awaited<ReturnType<typeof open>>;

/** A file may be gone: the stage's folder is emptied before it is run anew. */
async function openIfThere(file: string): Promise<Handle | undefined> {
  try {
    return await open(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readTimes(file: string, at: number) {
  const handle = await openIfThere(file);
  if (!handle) return [];
  try {
    return readWallTimes(await readAt(handle, at));
  } finally {
    await handle.close();
  }
}

async function readAt(handle: Handle, at: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(PART_BYTES), 0, PART_BYTES, at);
  return buffer.subarray(0, bytesRead);
}

/** Whole lines. */
function splitLines(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\n').slice(0, -1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
