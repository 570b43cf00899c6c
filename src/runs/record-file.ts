// record.json on disk. Written atomically, with a checksum over all of it; what is read is never trusted blindly:
// a record that has other bytes than were written, or that a newer version wrote, is reported and not used.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMapping } from '../core/is-mapping.ts';
import { RECORD_VERSION, type RunRecord } from './run-record.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

export const RECORD_FILE = 'record.json';

/** What was found where a record may be. */
export type RecordReading =
  | { readonly state: 'none' }
  | { readonly state: 'ok'; readonly record: RunRecord }
  /** `cause`: the rule that it breaks, e.g. `is not JSON`. */
  | { readonly state: 'unreadable'; readonly cause: string }
  | { readonly state: 'newer'; readonly recordVersion: number };

/** Writes the record of a stage's folder. */
export function writeRecord(folder: string, record: RunRecord): void {
  writeFileAtomic(path.join(folder, RECORD_FILE), [renderRecord(record)]);
}

/** The text of a record; its checksum is over the text that it has without one. */
function renderRecord(record: object): string {
  const checksum = createHash('sha256')
    .update(JSON.stringify(record, null, 2))
    .digest('hex');
  return `${JSON.stringify({ checksum, ...record }, null, 2)}\n`;
}

/** Reads the record of a stage's folder. */
export function readRecord(folder: string): RecordReading {
  let text: string;
  try {
    text = readFileSync(path.join(folder, RECORD_FILE), 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { state: 'none' };
    return { state: 'unreadable', cause: `cannot be read (${code})` };
  }
  return parseRecord(text);
}

function parseRecord(text: string): RecordReading {
  const value = parseJson(text);
  if (!isMapping(value)) return { state: 'unreadable', cause: 'is not a JSON object' };
  const { recordVersion } = value;
  if (typeof recordVersion !== 'number') return { state: 'unreadable', cause: 'has no recordVersion' };
  if (recordVersion > RECORD_VERSION) return { state: 'newer', recordVersion };
  const wrong = Object.keys(FIELDS).find((key) => !FIELDS[key]?.(value[key]));
  if (wrong !== undefined) return { state: 'unreadable', cause: `has no valid "${wrong}"` };
  const { checksum, ...record } = value;
  if (checksum === undefined) return { state: 'unreadable', cause: 'has no checksum' };
  if (text !== renderRecord(record))
    return { state: 'unreadable', cause: 'was changed: it does not fit its checksum' };
  return { state: 'ok', record: record as unknown as RunRecord };
}

type Check = (value: unknown) => boolean;

const isString: Check = (value) => typeof value === 'string';
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const FIELDS: { readonly [key: string]: Check } = {
  state: (value) => ['running', 'done', 'failed', 'interrupted'].includes(value as string),
  stage: (value) => isMapping(value) && isString(value.id) && isString(value.kind),
  fingerprint: (value) => isString(value) && /^[0-9a-f]{64}$/.test(value as string),
  identity: isMapping,
  inputs: (value) => isMapping(value) && Object.values(value).every(isString),
  seed: Number.isInteger,
  startedAt: isString,
  durationMs: optional((value) => typeof value === 'number'),
  host: (value) => isMapping(value) && isString(value.name),
  problem: optional((value) => isMapping(value) && isString(value.code)),
  result: optional(isResult),
};

function isResult(value: unknown): boolean {
  return (
    isMapping(value) &&
    isMapping(value.metrics) &&
    Object.values(value.metrics).every((metric) => typeof metric === 'number') &&
    Array.isArray(value.outputs) &&
    value.outputs.every(
      (output) =>
        isMapping(output) &&
        isInside(output.path) &&
        Number.isInteger(output.bytes) &&
        isString(output.sha256),
    )
  );
}

/** The path of a file in the stage's own folder. */
function isInside(file: unknown): boolean {
  return typeof file === 'string' && !path.isAbsolute(file) && !file.split(/[\\/]/).includes('..');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
