// Runs a compiled experiment: takes its folder, decides from the records, schedules the stages, and
// keeps their records. Only this process writes records, so a killed worker can't claim anything.

import path from 'node:path';
import { renderYaml } from '../config/explain-config.ts';
import type { EmitEvent, StageSummary } from '../core/events.ts';
import type { OwnScript } from '../core/own-script.ts';
import { ProblemError } from '../core/problem.ts';
import {
  markUnavailable,
  type StageDecisions,
  selectFailed,
  selectStage,
  selectStages,
} from '../plan/stage-decision.ts';
import type { Stage, StageGraph, StageKind } from '../plan/stage-graph.ts';
import { decideStagesThoroughly } from '../runs/decide-stages.ts';
import { findLackOfRoom } from '../runs/disk-room.ts';
import { writeExperiment } from '../runs/experiment-file.ts';
import { describeHost, readGitRevision, readVersions } from '../runs/host-info.ts';
import { endLeftWorkers } from '../runs/left-workers.ts';
import { acquireRunLock } from '../runs/run-lock.ts';
import { RECORD_VERSION, type RunRecord } from '../runs/run-record.ts';
import type { RunStore } from '../runs/run-store.ts';
import { CONFIG_FILE, nameLog } from '../runs/stage-folder.ts';
import { removeTemporaryFiles, writeFileAtomic } from '../runs/write-file-atomic.ts';
import { type Device, joinDevices } from './device-pool.ts';
import { decideRetry, type FailureHistory, NO_FAILURES } from './failure-policy.ts';
import { readMemoryLimit } from './memory-evidence.ts';
import type { RankPlace, StageProgress } from './protocol.ts';
import type { GroupEnd, GroupOptions } from './rank-group.ts';
import { type RunningStage, runSchedule, type SchedulerSummary, type StageEnd } from './scheduler.ts';
import { startStageProcesses } from './stage-processes.ts';
import { hintAtBatchSizes } from './suggest-batch.ts';
import { readLogTail } from './worker-process.ts';

export interface RunOptions {
  readonly graph: StageGraph;
  readonly store: RunStore;
  readonly devices: readonly Device[];
  /** Kinds to run, with what they need; all where absent. */
  readonly only?: readonly StageKind[];
  /** Only what failed last time, and what waits for that. */
  readonly retryFailed?: boolean;
  /** One stage alone, of which this process runs one rank; another launcher has started the others. */
  readonly launched?: { readonly stageId: string; readonly place: RankPlace };
  /** Why this machine cannot run some stages, by id. */
  readonly unavailable?: ReadonlyMap<string, string>;
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
    writeExperiment(store.folder, graph.experiment);
    emit({
      type: 'run-started',
      experiment: graph.experiment.name,
      folder: store.folder,
      devices: devices.map(({ name }) => name),
      stages: graph.stages.map((stage) => summariseStage(stage, decisions)),
    });
    const surroundings = describeSurroundings(options);
    const tries: Tries = new Map();
    stop.addEventListener('abort', () => emit({ type: 'run-stopping', reason: String(stop.reason) }));
    const summary = await runSchedule({
      graph,
      decisions,
      devices,
      failureMode: graph.experiment.launch.failureMode,
      startStage: (stage, devices) =>
        startStage({ options, surroundings, reason: decisions.get(stage.id)!.reason, tries }, stage, devices),
      wait: (ms, then) => {
        const timer = setTimeout(then, ms);
        return { cancel: () => clearTimeout(timer) };
      },
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

function decide({ graph, store, only, retryFailed, launched, unavailable }: RunOptions): StageDecisions {
  const decided = markUnavailable(decideStagesThoroughly(graph, store), unavailable ?? new Map());
  if (launched) return selectStage(decided, launched.stageId);
  const decisions = retryFailed ? selectFailed(graph, decided, findFailed(graph, store)) : decided;
  return only ? selectStages(graph, decisions, only) : decisions;
}

function findFailed({ stages }: StageGraph, store: RunStore): ReadonlySet<string> {
  const failed = stages.filter(({ id }) => {
    const reading = store.readRecord(id);
    return reading.state === 'ok' && reading.record.state === 'failed';
  });
  return new Set(failed.map(({ id }) => id));
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
  readonly tries: Tries;
}

/** How the stages of this run have failed so far, by id. */
type Tries = Map<
  string,
  { readonly history: FailureHistory; readonly failures: NonNullable<RunRecord['failures']> }
>;

/** Where a stage is, as it last told. */
interface Seen {
  progress?: StageProgress;
  peakBytes?: number;
}

/** A stage that cannot begin, for want of room say, has failed; the others go on. */
function startStage(running: Running, stage: Stage, devices: readonly Device[]): RunningStage {
  try {
    return beginStage(running, stage, devices);
  } catch (error) {
    const end = failWithout(running, stage, error);
    return { ended: Promise.resolve(end), stop: () => {}, kill: () => {} };
  }
}

/** Of a problem that kept even the record from being written. */
function failWithout({ options: { emit, store } }: Running, { id }: Stage, error: unknown): StageEnd {
  if (!(error instanceof ProblemError)) throw error;
  const { code, message, hint } = error.problems[0]!;
  const logFile = path.join(store.folderOf(id), nameLog());
  emit({
    type: 'stage-failed',
    id,
    problem: { code, message, ...(hint ? { hint } : {}) },
    logTail: [],
    logFile,
  });
  return 'failed';
}

function beginStage(running: Running, stage: Stage, devices: readonly Device[]): RunningStage {
  const { graph, store, emit, worker, launched } = running.options;
  const { id } = stage;
  const record = createRecord(running, stage);
  prepareFolder(store, stage, record);
  const { diskBytes, passingBytes = 0 } = stage.cost;
  const lack = findLackOfRoom(store.folderOf(id), (diskBytes ?? 0) + passingBytes);
  if (lack) {
    store.writeRecord(id, { ...record, state: 'failed', problem: lack });
    throw new ProblemError(lack);
  }
  emit({
    type: 'stage-started',
    id,
    device: devices.map(({ name }) => name).join(', '),
    reason: record.failures ? `again after ${record.failures.at(-1)!.code}` : running.reason,
  });
  const started = performance.now();
  const seen: Seen = {};
  const stallTimeoutMs = 1000 * graph.experiment.launch.stallTimeout;
  const process = startStageProcesses({
    script: worker,
    order: { ...locateStage(store, stage), folder: store.folderOf(id) },
    ...(launched ? { place: launched.place } : {}),
    devices: stage.kind === 'detection' ? [joinDevices(devices)] : devices,
    stallTimeoutMs,
    listener: {
      onProgress: (progress, peakBytes) => {
        Object.assign(seen, { progress, peakBytes });
        emit({ type: 'stage-progress', id, progress });
      },
      onWarning: (message) => emit({ type: 'stage-warning', id, message }),
    },
  });
  const ended = process.ended.then((end) => {
    const durationMs = Math.round(performance.now() - started);
    try {
      return finishStage(running, { stage, record, end, durationMs, seen });
    } catch (error) {
      return failWithout(running, stage, error);
    }
  });
  return { ended, stop: process.stop, kill: process.kill };
}

/** What a stage is told, wherever it runs, beside the folder that it may write to. */
export function locateStage(store: RunStore, stage: Stage): Omit<GroupOptions['order'], 'folder'> {
  return {
    stage,
    inputFolders: Object.fromEntries(stage.needs.map((need) => [need, store.folderOf(need)])),
    experimentFolder: store.folder,
  };
}

function createRecord({ options, surroundings, reason, tries }: Running, stage: Stage): RunRecord {
  const { id, kind, method, trial, evaluation, fingerprint, identity, seed } = stage;
  const failures = tries.get(id)?.failures;
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
    ...(failures ? { failures } : {}),
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
  writeFileAtomic(path.join(store.folderOf(stage.id), CONFIG_FILE), [config]);
}

interface Ended {
  readonly stage: Stage;
  readonly record: RunRecord;
  readonly end: GroupEnd;
  readonly durationMs: number;
  readonly seen: Seen;
}

function finishStage(running: Running, { stage, record, end, durationMs, seen }: Ended): StageEnd {
  const { store, emit } = running.options;
  const { id } = stage;
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
    case 'failed':
      return failStage(running, { stage, record: ended, end, seen });
    case 'stopped':
    case 'killed':
      store.writeRecord(id, { ...ended, state: 'interrupted' });
      emit({ type: 'stage-interrupted', id });
      return 'interrupted';
  }
}

interface Failed {
  readonly stage: Stage;
  readonly record: RunRecord;
  readonly end: Extract<GroupEnd, { readonly state: 'failed' }>;
  readonly seen: Seen;
}

/** Its record says that it failed, also while it waits to be started again: a runner may be killed meanwhile. */
function failStage({ options, tries }: Running, { stage, record, end, seen }: Failed): StageEnd {
  const { graph, store, emit, stop, devices } = options;
  const { id } = stage;
  const measured = seen.peakBytes
    ? { peakBytes: seen.peakBytes, limitBytes: readMemoryLimit() / devices.length }
    : undefined;
  const problem = hintAtBatchSizes(end.problem, stage, measured);
  store.writeRecord(id, { ...record, state: 'failed', problem });
  const { launch } = graph.experiment;
  const before = tries.get(id) ?? { history: NO_FAILURES, failures: [] };
  const { history, delayMs } = decideRetry(before.history, { problem, reached: seen.progress }, launch);
  if (delayMs === undefined || stop.aborted) {
    const { logFile } = end;
    emit({ type: 'stage-failed', id, problem, logTail: readLogTail(logFile), logFile });
    return 'failed';
  }
  const { code, message } = problem;
  tries.set(id, { history, failures: [...before.failures, { at: new Date().toISOString(), code, message }] });
  emit({ type: 'stage-retrying', id, problem, retry: history.retries, retries: launch.retries, delayMs });
  return { retryAfterMs: delayMs };
}
