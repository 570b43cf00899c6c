// One stage of a run, from the record that says that it runs to the one that says how it ended.

import path from 'node:path';
import { ProblemError } from '../core/problem.ts';
import type { Stage } from '../plan/stage-graph.ts';
import { findLackOfRoom } from '../runs/disk-room.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { nameLog } from '../runs/stage-folder.ts';
import { type Device, joinDevices } from './device-pool.ts';
import { decideRetry, type FailureHistory, NO_FAILURES } from './failure-policy.ts';
import { readMemoryLimit } from './memory-evidence.ts';
import { createRecord, prepareFolder, type Surroundings } from './open-record.ts';
import type { StageProgress } from './protocol.ts';
import type { GroupEnd } from './rank-group.ts';
import type { RunOptions } from './run-options.ts';
import type { RunningStage, StageEnd } from './scheduler.ts';
import { locateStage, startStageProcesses } from './stage-processes.ts';
import { hintAtBatchSizes } from './suggest-batch.ts';
import { readLogTail } from './worker-process.ts';

export interface Running {
  readonly options: RunOptions;
  readonly surroundings: Surroundings;
  readonly reason: string;
  readonly tries: Tries;
}

/** How the stages of this run have failed so far, by id. */
export type Tries = Map<
  string,
  { readonly history: FailureHistory; readonly failures: NonNullable<RunRecord['failures']> }
>;

/** Where a stage is, as it last told. */
interface Seen {
  progress?: StageProgress;
  peakBytes?: number;
}

/** A stage that cannot begin, for want of room say, has failed; the others go on. */
export function startStage(running: Running, stage: Stage, devices: readonly Device[]): RunningStage {
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
  const { surroundings, reason, tries } = running;
  const failures = tries.get(id)?.failures;
  const record = createRecord({ graph, surroundings, reason, failures }, stage);
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
    reason: record.failures ? `again after ${record.failures.at(-1)!.code}` : reason,
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
