// Runs side by side: the settings in which they differ, what they found, and where they ran. Settings are those
// that a result depends on, as the records keep them.

import { type Json, renderCanonicalJson } from '../../core/hash.ts';
import type { RunRecord } from '../../runs/run-record.ts';
import { type Aggregate, aggregate } from '../aggregate.ts';
import type { FoundRun } from './find-runs.ts';

export interface Comparison {
  readonly runs: readonly string[];
  /** Rows whose values are not the same everywhere. */
  readonly settings: readonly ComparedValues[];
  readonly results: readonly ComparedResults[];
  readonly surroundings: readonly ComparedValues[];
}

export interface ComparedValues {
  /** `pretrain`, `lincls`, ...; a run may lack it. Empty for what a run's stages share. */
  readonly stage: string;
  /** `optimizer.lr`. */
  readonly path: string;
  /** One a run; absent where the run has no such value, several where its trials differ. */
  readonly values: readonly (readonly Json[])[];
}

export interface ComparedResults {
  readonly stage: string;
  readonly metric: string;
  /** One a run, over the trials that are done; null where there is none. */
  readonly cells: readonly (ComparedCell | null)[];
}

export interface ComparedCell extends Aggregate {
  readonly values: readonly number[];
}

/** Compares at least two runs. */
export function compareRuns(runs: readonly FoundRun[]): Comparison {
  return {
    runs: runs.map(({ name }) => name),
    settings: compareValues(runs, (record) => [stageOf(record), record.identity]),
    results: compareResults(runs),
    surroundings: compareValues(runs, (record) => [ALL_STAGES, describeSurroundings(record)]),
  };
}

/** Stages of one run share their surroundings, so they are told once. */
const ALL_STAGES = '';

/** Whose values they are (a stage), and the values. */
type Describe = (record: RunRecord) => readonly [stage: string, values: JsonObject];

type JsonObject = { readonly [key: string]: Json };

function compareValues(runs: readonly FoundRun[], describe: Describe): ComparedValues[] {
  const tables = runs.map(({ records }) => collectValues(records, describe));
  const keys = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  return keys
    .map((key) => {
      const [stage, path] = splitKey(key);
      return { stage, path, values: tables.map((table) => [...(table.get(key) ?? new Map()).values()]) };
    })
    .filter(({ stage, values }) => {
      // A run without the stage, one that never had it or not yet, says nothing about its settings.
      const comparable = values.filter((_, i) =>
        runs[i]!.records.some((record) => describe(record)[0] === stage),
      );
      return new Set(comparable.map((each) => renderCanonicalJson(each))).size > 1;
    });
}

/** Distinct values by stage and path; trials of one run usually agree. */
function collectValues(records: readonly RunRecord[], describe: Describe) {
  const table = new Map<string, Map<string, Json>>();
  for (const record of records) {
    const [stage, described] = describe(record);
    for (const [path, value] of listLeaves(described, '')) {
      const key = joinKey(stage, path);
      const values = table.get(key) ?? new Map<string, Json>();
      table.set(key, values.set(renderCanonicalJson(value), value));
    }
  }
  return table;
}

function compareResults(runs: readonly FoundRun[]): ComparedResults[] {
  const tables = runs.map(({ records }) => collectResults(records));
  const keys = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  return keys.map((key) => {
    const [stage, metric] = splitKey(key);
    const cells = tables.map((table) => {
      const values = table.get(key);
      return values ? { ...aggregate(values), values } : null;
    });
    return { stage, metric, cells };
  });
}

function collectResults(records: readonly RunRecord[]): Map<string, number[]> {
  const table = new Map<string, number[]>();
  for (const record of records) {
    if (record.state !== 'done') continue;
    for (const [metric, value] of Object.entries(record.result?.metrics ?? {})) {
      const key = joinKey(stageOf(record), metric);
      table.set(key, [...(table.get(key) ?? []), value]);
    }
  }
  return table;
}

function describeSurroundings({ engine, host, versions, gitRevision, overrides }: RunRecord): JsonObject {
  return {
    ...(engine ? { engine } : {}),
    host: { ...host },
    versions,
    ...(gitRevision ? { gitRevision } : {}),
    overrides,
  };
}

function listLeaves(value: Json, path: string): [string, Json][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => listLeaves(inner, path ? `${path}.${key}` : key));
}

/** The last part of a stage's id: the same for every method and trial. */
export function stageOf({ stage }: RunRecord): string {
  return stage.id.slice(stage.id.lastIndexOf('/') + 1);
}

const joinKey = (stage: string, path: string) => `${stage}\n${path}`;
const splitKey = (key: string) => key.split('\n') as [string, string];
