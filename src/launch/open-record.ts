// The record of a stage that begins, and its folder.

import path from 'node:path';
import { renderYaml } from '../config/explain-config.ts';
import type { Stage } from '../plan/stage-graph.ts';
import { describeHost, readGitRevision, readVersions } from '../runs/host-info.ts';
import { RECORD_VERSION, type RunRecord } from '../runs/run-record.ts';
import type { RunStore } from '../runs/run-store.ts';
import { CONFIG_FILE } from '../runs/stage-folder.ts';
import { removeTemporaryFiles, writeFileAtomic } from '../runs/write-file-atomic.ts';
import type { RunOptions } from './run-options.ts';

/** What all records of a run have in common. */
export type Surroundings = Pick<RunRecord, 'host' | 'versions' | 'gitRevision' | 'overrides'>;

export function describeSurroundings({ graph, overrides }: RunOptions): Surroundings {
  const gitRevision = readGitRevision(path.dirname(path.resolve(graph.experiment.file)));
  const surroundings = { host: describeHost(), versions: readVersions(), overrides };
  return gitRevision ? { ...surroundings, gitRevision } : surroundings;
}

export interface Beginning {
  readonly graph: RunOptions['graph'];
  readonly surroundings: Surroundings;
  readonly reason: string;
  /** How the stage failed in this run, where it did. */
  readonly failures: RunRecord['failures'] | undefined;
}

/** The record that says that the stage runs. */
export function createRecord({ graph, surroundings, reason, failures }: Beginning, stage: Stage): RunRecord {
  const { id, kind, method, trial, evaluation, fingerprint, identity, seed } = stage;
  const fingerprints = new Map(graph.stages.map((other) => [other.id, other.fingerprint]));
  return {
    recordVersion: RECORD_VERSION,
    state: 'running',
    stage: {
      id,
      kind,
      ...(method === undefined ? {} : { method }),
      ...(trial === undefined ? {} : { trial }),
      ...(evaluation === undefined ? {} : { evaluation }),
    },
    fingerprint,
    identity,
    inputs: Object.fromEntries(stage.needs.map((need) => [need, fingerprints.get(need) ?? ''])),
    reason,
    seed,
    startedAt: new Date().toISOString(),
    ...surroundings,
    ...(failures ? { failures } : {}),
  };
}

/** Files of an unfinished run with the same fingerprint stay: the stage may go on from its checkpoint. */
export function prepareFolder(store: RunStore, stage: Stage, record: RunRecord): void {
  const before = store.readRecord(stage.id);
  const isUnfinished =
    before.state === 'ok' &&
    before.record.state !== 'done' &&
    before.record.fingerprint === stage.fingerprint;
  if (isUnfinished) removeTemporaryFiles(store.folderOf(stage.id));
  else store.emptyFolder(stage.id);
  store.writeRecord(stage.id, record);
  const config = renderYaml({ stage: stage.id, seed: stage.seed, ...stage.config });
  writeFileAtomic(path.join(store.folderOf(stage.id), CONFIG_FILE), [config]);
}
