// Where the stages ran, and what they warned of: from their records.

import type { StageGraph } from '../../plan/stage-graph.ts';
import { findCurrent } from '../../runs/find-current.ts';
import type { RunRecord } from '../../runs/run-record.ts';
import type { RunStore } from '../../runs/run-store.ts';
import type { EnvironmentRow, Warning } from './details.ts';

/** Facts of a record; a stage without an engine has none of it. */
const FACTS: { readonly [name: string]: (record: RunRecord) => string | undefined } = {
  engine: ({ engine }) => engine && describeEngine(engine),
  processor: ({ host }) => `${host.cpu}, ${host.cores} cores, ${(host.memoryBytes / 1e9).toFixed(0)} GB`,
  system: ({ host }) => host.platform,
  host: ({ host }) => host.name,
  versions: ({ versions }) =>
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ') || undefined,
  revision: ({ gitRevision }) => gitRevision,
  flags: ({ overrides }) => overrides.join(' ') || undefined,
};

/** Lists the facts, each with how many stages it holds for. */
export function collectEnvironment({ stages }: StageGraph, store: RunStore): EnvironmentRow[] {
  const records = stages
    .filter(({ kind }) => kind !== 'report')
    .flatMap((stage) => findCurrent(stage, store) ?? []);
  return Object.entries(FACTS).flatMap(([name, describe]) => {
    const counts = new Map<string, number>();
    for (const record of records) {
      const value = describe(record);
      if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const values = [...counts].map(([value, count]) => ({ value, stages: count }));
    return values.length > 0 ? [{ name, values: values.sort((a, b) => b.stages - a.stages) }] : [];
  });
}

/** Lists warnings, failures and results of other settings, equal ones once. */
export function collectWarnings({ stages }: StageGraph, store: RunStore): Warning[] {
  const found = new Map<string, string[]>();
  const add = (message: string, id: string) => found.set(message, [...(found.get(message) ?? []), id]);
  for (const stage of stages.filter(({ kind }) => kind !== 'report')) {
    const reading = store.readRecord(stage.id);
    if (reading.state === 'unreadable')
      add(`The record cannot be used: record.json ${reading.cause}.`, stage.id);
    if (reading.state !== 'ok') continue;
    const { record } = reading;
    if (record.fingerprint !== stage.fingerprint) {
      add('There is a result of other settings, which does not count.', stage.id);
      continue;
    }
    if (record.state === 'failed')
      add(`Failed: ${record.problem?.code}: ${record.problem?.message}`, stage.id);
    for (const warning of record.result?.warnings ?? []) add(warning, stage.id);
  }
  return [...found].map(([message, ids]) => ({ message, stages: ids }));
}

/** `torch, libtorch 2.5.1, threads 2`. */
export function describeEngine(engine: NonNullable<RunRecord['engine']>): string {
  const { name, ...rest } = engine;
  const facts = Object.entries(rest).map(
    ([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return [String(name), ...facts].join(', ');
}
