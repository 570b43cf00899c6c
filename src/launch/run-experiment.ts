// Runs a compiled experiment: takes its folder, decides from the records, schedules the stages, and
// keeps their records. Only this process writes records, so a killed worker can't claim anything.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderYaml } from '../config/explain-config.ts';
import type { EmitEvent, StageSummary } from '../core/events.ts';
import type { OwnScript } from '../core/own-script.ts';
import { type StageDecisions, selectStages } from '../plan/stage-decision.ts';
import type { Stage, StageGraph, StageKind } from '../plan/stage-graph.ts';
import { decideStages } from '../runs/decide-stages.ts';
import { describeHost, readGitRevision, readVersions } from '../runs/host-info.ts';
import { endLeftWorkers } from '../runs/left-workers.ts';
import { acquireRunLock } from '../runs/run-lock.ts';
import { RECORD_VERSION, type RunRecord } from '../runs/run-record.ts';
import type { RunStore } from '../runs/run-store.ts';
import { removeTemporaryFiles } from '../runs/write-file-atomic.ts';
import type { Device } from './device-pool.ts';
import type { GroupEnd } from './rank-group.ts';
import { type RunningStage, runSchedule, type SchedulerSummary, type StageEnd } from './scheduler.ts';
import { startStageProcesses } from './stage-processes.ts';
import { readLogTail } from './worker-process.ts';

export interface RunOptions {
  readonly graph: StageGraph;
  readonly store: RunStore;
  readonly devices: readonly Device[];
  /** Kinds to run, with what they need; all where absent. */
  readonly only?: readonly StageKind[];
  /** Flags that shaped the config, for the records. */
  readonly overrides: readonly string[];
  /** What the user typed, for the lock. */
  readonly command: string;
  readonly worker: OwnScript;
  readonly emit: EmitEvent;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
}

/** Runs what is to run. Throws RUN_FOLDER_LOCKED; failed stages are part of the summary. */
export async function runExperiment(options: RunOptions): Promise<SchedulerSummary> {
  const { graph, store, devices, emit, command, stop, kill } = options;
  const lock = acquireRunLock(store.folder, command);
  try {
    const started = performance.now();
    const decisions = decide(options);
    for (const { id } of graph.stages) await endLeftWorkers(store.folderOf(id));
    emit({
      type: 'run-started',
      experiment: graph.experiment.name,
      folder: store.folder,
      devices: devices.map(({ name }) => name),
      stages: graph.stages.map((stage) => summariseStage(stage, decisions)),
    });
    const surroundings = describeSurroundings(options);
    stop.addEventListener('abort', () => emit({ type: 'run-stopping', reason: String(stop.reason) }));
    const summary = await runSchedule({
      graph,
      decisions,
      devices,
      failureMode: graph.experiment.launch.failureMode,
      startStage: (stage, devices) =>
        startStage({ options, surroundings, reason: decisions.get(stage.id)!.reason }, stage, devices),
      onSkipped: ({ id }, because) => emit({ type: 'stage-skipped', id, because }),
      stop,
      kill,
    });
    emit({ type: 'run-finished', ...summary, durationMs: Math.round(performance.now() - started) });
    return summary;
  } finally {
    lock.release();
  }
}

function decide({ graph, store, only }: RunOptions): StageDecisions {
  const decisions = decideStages(graph, store);
  return only ? selectStages(graph, decisions, only) : decisions;
}

function summariseStage({ id, kind, needs }: Stage, decisions: StageDecisions): StageSummary {
  const { state, reason } = decisions.get(id)!;
  return { id, kind, state, reason, needs };
}

/** What all records of a run have in common. */
type Surroundings = Pick<RunRecord, 'host' | 'versions' | 'gitRevision' | 'overrides'>;

function describeSurroundings({ graph, overrides }: RunOptions): Surroundings {
  const gitRevision = readGitRevision(path.dirname(path.resolve(graph.experiment.file)));
  const surroundings = { host: describeHost(), versions: readVersions(), overrides };
  return gitRevision ? { ...surroundings, gitRevision } : surroundings;
}

interface Running {
  readonly options: RunOptions;
  readonly surroundings: Surroundings;
  readonly reason: string;
}

function startStage(running: Running, stage: Stage, devices: readonly Device[]): RunningStage {
  const { graph, store, emit, worker } = running.options;
  const { id } = stage;
  const record = createRecord(running, stage);
  prepareFolder(store, stage, record);
  emit({
    type: 'stage-started',
    id,
    device: devices.map(({ name }) => name).join(', '),
    reason: running.reason,
  });
  const started = performance.now();
  const stallTimeoutMs = 1000 * graph.experiment.launch.stallTimeout;
  const process = startStageProcesses({
    script: worker,
    order: {
      stage,
      folder: store.folderOf(id),
      inputFolders: Object.fromEntries(stage.needs.map((need) => [need, store.folderOf(need)])),
      experimentFolder: store.folder,
    },
    devices,
    stallTimeoutMs,
    listener: {
      onProgress: (progress) => emit({ type: 'stage-progress', id, progress }),
      onWarning: (message) => emit({ type: 'stage-warning', id, message }),
    },
  });
  const ended = process.ended.then((end) => {
    const durationMs = Math.round(performance.now() - started);
    return finishStage(running.options, { record, end, durationMs });
  });
  return { ended, stop: process.stop, kill: process.kill };
}

function createRecord({ options, surroundings, reason }: Running, stage: Stage): RunRecord {
  const { id, kind, method, trial, evaluation, fingerprint, identity, seed } = stage;
  const fingerprints = new Map(options.graph.stages.map((other) => [other.id, other.fingerprint]));
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
  };
}

/** Files of an unfinished run with the same fingerprint stay: the stage may go on from its checkpoint. */
function prepareFolder(store: RunStore, stage: Stage, record: RunRecord): void {
  const before = store.readRecord(stage.id);
  const isUnfinished =
    before.state === 'ok' &&
    before.record.state !== 'done' &&
    before.record.fingerprint === stage.fingerprint;
  if (isUnfinished) removeTemporaryFiles(store.folderOf(stage.id));
  else store.emptyFolder(stage.id);
  store.writeRecord(stage.id, record);
  const config = renderYaml({ stage: stage.id, seed: stage.seed, ...stage.config });
  writeFileSync(path.join(store.folderOf(stage.id), 'config.yaml'), config);
}

function finishStage(
  { store, emit }: RunOptions,
  { record, end, durationMs }: { record: RunRecord; end: GroupEnd; durationMs: number },
): StageEnd {
  const { id } = record.stage;
  const ended = { ...record, endedAt: new Date().toISOString(), durationMs };
  switch (end.state) {
    case 'done': {
      const { result } = end;
      store.writeRecord(id, {
        ...ended,
        state: 'done',
        ...(result.engine ? { engine: result.engine } : {}),
        result,
      });
      emit({ type: 'stage-finished', id, durationMs, metrics: result.metrics });
      return 'done';
    }
    case 'failed': {
      const { problem } = end;
      store.writeRecord(id, { ...ended, state: 'failed', problem });
      const { logFile } = end;
      emit({ type: 'stage-failed', id, problem, logTail: readLogTail(logFile), logFile });
      return 'failed';
    }
    case 'stopped':
    case 'killed':
      store.writeRecord(id, { ...ended, state: 'interrupted' });
      emit({ type: 'stage-interrupted', id });
      return 'interrupted';
  }
}
