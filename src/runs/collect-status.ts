// What is going on below a folder of runs: which experiments there are, how far each is, and
// which of them a runner works on right now.

import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../core/problem.ts';
import type { RecordReading } from './record-file.ts';
import { findRunner, type LockHolder } from './run-lock.ts';
import { listFolders, listRecordedStages, openExperimentFolder, type RunStore } from './run-store.ts';

type StatusCounts = {
  readonly [State in 'done' | 'running' | 'failed' | 'interrupted' | 'unreadable']: number;
};

export interface ExperimentStatus {
  readonly name: string;
  readonly folder: string;
  /** Stages that have started, by state. One that claims to be running without a runner was interrupted. */
  readonly stages: StatusCounts;
  readonly running: readonly string[];
  readonly failed: readonly { readonly id: string; readonly code: string }[];
  /** Who runs it; absent if nobody does. */
  readonly runner?: LockHolder;
  /** ISO time of the latest start or end of a stage. */
  readonly changedAt?: string;
}

/** Opens an experiment's folder, absolute. */
export type OpenStore = (folder: string) => RunStore;

/** Collects the experiments in a folder of runs, by name. The folder may also be an experiment's own. */
export function collectStatus(folder: string, open: OpenStore = openExperimentFolder): ExperimentStatus[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new ProblemError({
      code: 'RUNS_FOLDER_MISSING',
      message: `Expected a folder of runs at ${folder} but there is none.`,
      hint: '`moco run FILE` makes one; give another folder behind the command, as in `moco status DIR`.',
    });
  }
  const own = collectExperiment(folder, open);
  if (own) return [own];
  const names = listFolders(folder).sort();
  return names.flatMap((name) => collectExperiment(path.join(folder, name), open) ?? []);
}

/** How far one experiment is; undefined where the folder is none. */
export function collectExperiment(folder: string, open: OpenStore): ExperimentStatus | undefined {
  const store = open(path.resolve(folder));
  const runner = findRunner(store.folder);
  const ids = listRecordedStages(store.folder);
  if (ids.length === 0 && !runner) return undefined;
  const stages = ids.map((id) => {
    const reading = store.readRecord(id);
    return { id, reading, state: findState(reading, runner !== undefined) };
  });
  const times = stages.flatMap(({ reading }) => findTime(reading) ?? []).sort();
  const changedAt = times.at(-1);
  return {
    name: path.basename(store.folder),
    folder,
    stages: countStates(stages.map(({ state }) => state)),
    running: stages.filter(({ state }) => state === 'running').map(({ id }) => id),
    failed: stages
      .filter(({ state }) => state === 'failed')
      .map(({ id, reading }) => ({ id, code: findCode(reading) })),
    ...(runner ? { runner } : {}),
    ...(changedAt ? { changedAt } : {}),
  };
}

function findState(reading: RecordReading, hasRunner: boolean): keyof StatusCounts {
  if (reading.state !== 'ok') return 'unreadable';
  const { state } = reading.record;
  return state === 'running' && !hasRunner ? 'interrupted' : state;
}

function countStates(states: readonly (keyof StatusCounts)[]): StatusCounts {
  const counts = { done: 0, running: 0, failed: 0, interrupted: 0, unreadable: 0 };
  for (const state of states) counts[state]++;
  return counts;
}

function findTime(reading: RecordReading): string | undefined {
  return reading.state === 'ok' ? (reading.record.endedAt ?? reading.record.startedAt) : undefined;
}

function findCode(reading: RecordReading): string {
  return (reading.state === 'ok' && reading.record.problem?.code) || 'unknown';
}
