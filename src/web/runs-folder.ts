// What lies below a folder of runs, by the names in a URL. Nothing outside of it is ever opened: each name is that of
// a real folder in the one before, never a link, and files are opened without following links.

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import type { ReadRecord } from '../report/compare/find-runs.ts';
import type { ReadTable } from '../report/details/epoch-table.ts';
import { collectExperiment, collectStatus, type ExperimentStatus } from '../runs/collect-status.ts';
import { readExperiment } from '../runs/experiment-file.ts';
import { RECORD_FILE, readRecord as readRecordOf } from '../runs/record-file.ts';
import { findRunner } from '../runs/run-lock.ts';
import { openExperimentFolder, type RunStore } from '../runs/run-store.ts';
import { rememberFiles } from './remember-files.ts';
import { type ReadGraph, rememberGraphs } from './remember-graphs.ts';
import { rememberTables } from './remember-tables.ts';

export interface RunsFolder {
  /** Absolute. */
  readonly root: string;
  listExperiments(): ExperimentStatus[];
  /** The folder that names lead to, from an experiment's on; undefined where there is none. */
  find(names: readonly string[]): string | undefined;
  /** A store whose records are read again only where they changed. */
  open(experiment: string): RunStore;
  /** The record in a stage's folder, likewise. */
  readonly readRecord: ReadRecord;
  /** The curves of a stage, likewise. */
  readonly readTable: ReadTable;
  /** What is run in an experiment's folder, likewise. */
  readonly readGraph: ReadGraph;
}

/** @param folder of runs, or of one experiment, which is then all that is shown. Throws RUNS_FOLDER_MISSING. */
export function openRunsFolder(folder: string): RunsFolder {
  const given = path.resolve(folder);
  collectStatus(given, openExperimentFolder);
  const readRecord = rememberRecordFiles();
  const open = (place: string): RunStore => {
    const store = openExperimentFolder(place);
    return { ...store, readRecord: (id) => readRecord(store.folderOf(id)) };
  };
  const isExperiment =
    readExperiment(given) !== undefined || collectExperiment(given, openExperimentFolder) !== undefined;
  const root = isExperiment ? path.dirname(given) : given;
  const only = isExperiment ? path.basename(given) : undefined;
  return {
    root,
    listExperiments: () => collectStatus(given, open),
    find: (names) => (only === undefined || names[0] === only ? findFolder(root, names) : undefined),
    open: (experiment) => open(path.join(root, experiment)),
    readRecord,
    readTable: rememberTables(),
    readGraph: rememberGraphs(),
  };
}

function findFolder(root: string, names: readonly string[]): string | undefined {
  let folder = root;
  for (const name of names) {
    if (!/^[^/\\\0]+$/.test(name) || name.startsWith('.')) return undefined;
    folder = path.join(folder, name);
    if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  }
  return names.length > 0 ? folder : undefined;
}

/** Records are replaced, never changed, so a file that looks the same is the same. */
function rememberRecordFiles(): ReadRecord {
  const read = rememberFiles((file) => readRecordOf(path.dirname(file)));
  return (folder) => read(path.join(folder, RECORD_FILE));
}

/** The store as it is for people: a stage that claims to be running without a runner was interrupted. */
export function seeInterrupted(store: RunStore): RunStore {
  if (findRunner(store.folder)) return store;
  return {
    ...store,
    readRecord: (id) => {
      const reading = store.readRecord(id);
      if (reading.state !== 'ok' || reading.record.state !== 'running') return reading;
      return { state: 'ok', record: { ...reading.record, state: 'interrupted' } };
    },
  };
}

/** The end of a text file, from the start of a line; undefined where there is no such file, or it is a link. */
export function readTail(file: string, maxBytes: number): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - maxBytes);
    const bytes = Buffer.alloc(size - from);
    const read = readSync(descriptor, bytes, 0, bytes.length, from);
    const text = bytes.toString('utf8', 0, read);
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    closeSync(descriptor);
  }
}
