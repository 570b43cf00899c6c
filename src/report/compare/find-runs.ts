// What a user means by a run: the folder of a method with its trials, of one trial, or of one stage. An
// experiment's folder stands for its methods.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../../core/problem.ts';
import { RECORD_FILE, type RecordReading, readRecord } from '../../runs/record-file.ts';
import type { RunRecord } from '../../runs/run-record.ts';
import { listFolders } from '../../runs/run-store.ts';

/** Trials of one method, or a part of them. */
export interface FoundRun {
  /** The folder as it was given, or below what was given. */
  readonly name: string;
  /** Of the stages that have a readable one, by folder. */
  readonly records: readonly RunRecord[];
  /** Of the same stages. */
  readonly folders: readonly string[];
}

/** Reads or remembers the record in a stage's folder. */
export type ReadRecord = (folder: string) => RecordReading;

/** Finds the runs in folders. Throws RUNS_FOLDER_MISSING and RUNS_FOLDER_EMPTY, all at once. */
export function findRuns(folders: readonly string[], read: ReadRecord = readRecord): FoundRun[] {
  const found = folders.map((folder) => expand(path.normalize(folder), read));
  const problems = folders.flatMap((folder, i) => (found[i]!.length > 0 ? [] : describeMissing(folder)));
  if (problems.length > 0) throw new ProblemError(problems);
  return found.flat();
}

function expand(folder: string, read: ReadRecord): FoundRun[] {
  if (isStage(folder) || isTrial(folder)) return listRun(folder, isTrial(folder) ? [folder] : [], read);
  const own = listTrials(folder);
  if (own.length > 0) return listRun(folder, own, read);
  return listFolders(folder)
    .sort()
    .map((name) => path.join(folder, name))
    .map((method) => ({ method, trials: listTrials(method) }))
    .flatMap(({ method, trials }) => (trials.length > 0 ? listRun(method, trials, read) : []));
}

function listRun(name: string, trials: readonly string[], read: ReadRecord): FoundRun[] {
  const stages = trials.length > 0 ? trials.flatMap(listStages) : [name];
  const found = stages.filter(isStage).flatMap((folder) => {
    const reading = read(folder);
    return reading.state === 'ok' ? [{ folder, record: reading.record }] : [];
  });
  if (found.length === 0) return [];
  return [{ name, records: found.map(({ record }) => record), folders: found.map(({ folder }) => folder) }];
}

const isStage = (folder: string) => existsSync(path.join(folder, RECORD_FILE));
const isTrial = (folder: string) => /^trial-\d+$/.test(path.basename(folder));

function listTrials(folder: string): string[] {
  return listFolders(folder)
    .map((name) => path.join(folder, name))
    .filter(isTrial)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function listStages(trial: string): string[] {
  return listFolders(trial)
    .sort()
    .map((name) => path.join(trial, name));
}

function describeMissing(folder: string) {
  return existsSync(folder)
    ? {
        code: 'RUNS_FOLDER_EMPTY',
        message: `Expected the folder of a run at ${folder} but no stage below it has a record.`,
        hint: 'Give the folder of an experiment, a method, a trial or a stage: runs/quickstart/mocov2.',
      }
    : {
        code: 'RUNS_FOLDER_MISSING',
        message: `Expected a folder of runs at ${folder} but there is none.`,
        hint: '`moco status` lists what there is.',
      };
}
