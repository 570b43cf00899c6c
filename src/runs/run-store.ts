// Where things are: <out>/<experiment>/<method>/trial-<n>/<stage>/ and <out>/<experiment>/report/.
// A stage's id is its folder below the experiment's; nothing outside that folder is touched.

import { existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../core/problem.ts';
import { RECORD_FILE, type RecordReading, readRecord, writeRecord } from './record-file.ts';
import type { RunRecord } from './run-record.ts';

/** Output root where none is given. */
export const DEFAULT_OUT = 'runs';

/** One experiment's folder. */
export interface RunStore {
  /** Absolute. */
  readonly folder: string;
  /** A stage's folder, absolute. It need not exist. */
  folderOf(stageId: string): string;
  readRecord(stageId: string): RecordReading;
  /** Replaces a stage's record, atomically; creates its folder. */
  writeRecord(stageId: string, record: RunRecord): void;
  /** Creates a stage's folder, or removes all that is in it. */
  emptyFolder(stageId: string): void;
}

/** Opens the folder of an experiment below an output root. Creates nothing. */
export function openRunStore(out: string, experiment: string): RunStore {
  const root = path.resolve(out);
  const folder = resolveInside(root, experiment);
  refuseLinks(root, folder);
  return openExperimentFolder(folder);
}

/** Opens an experiment's folder where its path is known, as in a worker. */
export function openExperimentFolder(folder: string): RunStore {
  const folderOf = (stageId: string) => resolveInside(folder, stageId);
  /** To write there. */
  const own = (stageId: string) => {
    const place = folderOf(stageId);
    refuseLinks(folder, place);
    return place;
  };
  return {
    folder,
    folderOf,
    readRecord: (stageId) => readRecord(folderOf(stageId)),
    writeRecord: (stageId, record) => writeRecord(own(stageId), record),
    emptyFolder: (stageId) => emptyFolder(own(stageId)),
  };
}

/** Lists the ids of the stages that have a record below an experiment's folder, sorted. */
export function listRecordedStages(folder: string): string[] {
  return listStageFolders(folder).filter((id) => existsSync(path.join(folder, id, RECORD_FILE)));
}

/** Lists the ids of the stages that may have a record, sorted. */
export function listStageFolders(folder: string): string[] {
  return ['report', ...listFolders(folder).flatMap((method) => listStages(folder, method))].sort();
}

/** Names the folders in a folder; none where it does not exist. */
export function listFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

function listStages(folder: string, method: string): string[] {
  const trials = listFolders(path.join(folder, method)).filter((name) => /^trial-\d+$/.test(name));
  return trials.flatMap((trial) =>
    listFolders(path.join(folder, method, trial)).map((stage) => `${method}/${trial}/${stage}`),
  );
}

function emptyFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

function resolveInside(root: string, relative: string): string {
  const resolved = path.resolve(root, relative);
  if (resolved.startsWith(root + path.sep)) return resolved;
  throw new ProblemError({
    code: 'RUN_PATH_OUTSIDE',
    message: `Expected a folder below ${root} but "${relative}" leads to ${resolved}.`,
    hint: 'Names of experiments, methods and evaluations are folder names: no /, no .. in them.',
  });
}

/** Throws RUN_PATH_OUTSIDE where a link on the way from the experiment's folder to a stage's leads out of it. */
function refuseLinks(root: string, place: string): void {
  const steps = path.relative(root, place).split(path.sep);
  for (let i = 1; i <= steps.length; i++) {
    const folder = path.join(root, ...steps.slice(0, i));
    if (!isLink(folder)) continue;
    const target = path.resolve(path.dirname(folder), readlinkSync(folder));
    throw new ProblemError({
      code: 'RUN_PATH_OUTSIDE',
      message: `Expected a folder of its own below ${root} but ${folder} is a link to ${target}.`,
      hint: 'Nothing is written or deleted through links in there. To keep runs elsewhere, give that folder with --out.',
    });
  }
}

/** False where there is nothing, also because what should be a folder above is a file: whoever writes there says so. */
function isLink(place: string): boolean {
  try {
    return lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return false;
    throw error;
  }
}
