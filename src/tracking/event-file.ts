// Event files in a stage's folder, which is what TensorBoard calls a run. A folder has at most one file of each
// kind, and it says what the folder's metrics say: it is written anew where a training goes on from a checkpoint.

import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { renderFrame, splitFrames, type TrackedEvent } from './event-format.ts';

/** What a file is about; the last part of its name. */
export type EventFileKind = 'metrics' | 'crops' | 'result';

/** An event without its time. */
export type UntimedEvent = Omit<TrackedEvent, 'wallTime'>;

export interface EventFile {
  append(event: UntimedEvent): void;
  close(): void;
}

/**
 * The first events of every file. The second tells a TensorBoard that read the file before this one to forget what
 * it read.
 */
export const OPENING: readonly UntimedEvent[] = [
  { fileVersion: 'brain.Event:2' },
  { step: 0, sessionLog: { status: 1 } },
];

/**
 * Opens a new file to append to, which begins with `events`, each with the time at which the file before had it.
 * That one is removed.
 */
export function openEventFile(
  folder: string,
  kind: EventFileKind,
  events: readonly UntimedEvent[],
): EventFile {
  const before = findEventFiles(folder, kind);
  const timed = before.flatMap((file) => splitFrames(readFileSync(file)));
  const wanted = [...OPENING, ...events];
  const file = path.join(folder, nameEventFile(kind, before.at(-1)));
  writeFileAtomic(
    file,
    wanted.map((event, i) => timed[i] ?? renderNow(event)),
  );
  for (const old of before) rmSync(old);
  const descriptor = openSync(file, 'a');
  return {
    append: (event) => void writeSync(descriptor, renderNow(event)),
    close: () => closeSync(descriptor),
  };
}

/** Writes a file that is complete at once. */
export function writeEventFile(folder: string, kind: EventFileKind, events: readonly UntimedEvent[]): void {
  for (const old of findEventFiles(folder, kind)) rmSync(old);
  openEventFile(folder, kind, events).close();
}

/** Files of a kind, oldest first. */
export function findEventFiles(folder: string, kind: EventFileKind): string[] {
  const names = readdirSync(folder).filter((name) => name.startsWith(PREFIX) && name.endsWith(`.${kind}`));
  return names.sort().map((name) => path.join(folder, name));
}

const PREFIX = 'events.out.tfevents.';

/** TensorBoard reads the files of a run by name, so a new one stands after the one before it. */
function nameEventFile(kind: EventFileKind, before: string | undefined): string {
  const last = Number(before?.slice(before.lastIndexOf(PREFIX) + PREFIX.length).split('.')[0] ?? 0);
  const seconds = Math.max(Math.floor(Date.now() / 1000), last + 1);
  return `${PREFIX}${String(seconds).padStart(10, '0')}.${hostname()}.${kind}`;
}

function renderNow(event: UntimedEvent): Buffer {
  return renderFrame({ wallTime: Date.now() / 1000, ...event });
}
