// Brings MLflow to what the disk says of one trial: an MLflow run for the trial, with all its settings and what it
// found, so that MLflow's table has a line to compare; below it one for each stage that measures, with its curves.
// All is read from records and metrics.jsonl: what could not be sent waits there, and sending again sends nothing twice.

import type { Stage, StageGraph } from '../../plan/stage-graph.ts';
import { findCurrent } from '../../runs/find-current.ts';
import type { RunRecord } from '../../runs/run-record.ts';
import type { RunStore } from '../../runs/run-store.ts';
import { listMeasurements } from '../track-metrics.ts';
import type { MlflowClient } from './client.ts';
import {
  describeOutcome,
  describeStageParams,
  describeTags,
  describeTrialParams,
  fingerprintTrial,
  isTracked,
  makeKey,
  makeTags,
  type Trial,
} from './describe-run.ts';
import { MeasurementReader, type TimedRow } from './measurement-reader.ts';
import { BEFORE_ALL, type RowPosition } from './mlflow-note.ts';
import { type Metric, MlflowRun, type Outcome, type RunStatus } from './mlflow-run.ts';

export interface Sending {
  readonly graph: StageGraph;
  readonly store: RunStore;
  readonly client: MlflowClient;
  readonly experimentId: string;
  /** Stages at work now. A record that says so of another one was left by a runner that was killed. */
  readonly running: ReadonlySet<string>;
  /** How far the metrics of stages were read, by id. */
  readonly readers: Map<string, MeasurementReader>;
}

/** Sends all that is new of a trial. Throws MlflowError. */
export async function sendTrial(sending: Sending, trial: Trial): Promise<void> {
  const { store, client, experimentId } = sending;
  const records = readTrial(sending, trial);
  const first = records.values().next().value;
  if (!first) return;
  const folder = store.folderOf(trial.id);
  const run = new MlflowRun({ client, experimentId, folder, of: fingerprintTrial(trial) });
  const parent = await run.ensure(() => ({
    name: trial.id,
    startMs: Date.parse(first.startedAt),
    tags: [
      ...describeTags(sending.graph, trial.stages[0]!, first),
      ...makeTags({ 'mocolab.kind': 'trial', 'mlflow.note.content': sending.graph.experiment.claim }),
    ],
    params: describeTrialParams(trial),
  }));
  for (const stage of trial.stages) {
    const record = records.get(stage);
    if (record && isTracked(stage)) await sendStage(sending, { stage, record, parent });
  }
  await run.tell(summarise(sending, trial, records));
}

/** Records of what the graph says now; those of other settings are another trial's. */
function readTrial({ store }: Sending, { stages }: Trial): Map<Stage, RunRecord> {
  const records = new Map<Stage, RunRecord>();
  for (const stage of stages) {
    const record = findCurrent(stage, store);
    if (record) records.set(stage, record);
  }
  return records;
}

interface SentStage {
  readonly stage: Stage;
  readonly record: RunRecord;
  readonly parent: string;
}

async function sendStage(sending: Sending, { stage, record, parent }: SentStage): Promise<void> {
  const { graph, store, client, experimentId } = sending;
  const folder = store.folderOf(stage.id);
  const run = new MlflowRun({ client, experimentId, folder, of: stage.fingerprint });
  await run.ensure(() => ({
    name: stage.id,
    startMs: Date.parse(record.startedAt),
    tags: [...describeTags(graph, stage, record), ...makeTags({ 'mocolab.kind': stage.kind })],
    params: describeStageParams(stage),
  }));
  await run.moveBelow(parent);
  const status = judge(record, sending.running.has(stage.id));
  const outcome = {
    status,
    ...endOf(record, status),
    metrics: status === 'FINISHED' ? listResults('', record) : [],
    tags: describeOutcome(record),
  };
  // Its end is told after all of its rows.
  if (status !== 'RUNNING' && run.knows(outcome)) return;
  await sendRows(sending, run, stage);
  await run.tell(outcome);
}

/** The curves, as far as they are. */
async function sendRows({ readers, store }: Sending, run: MlflowRun, { id }: Stage): Promise<void> {
  const reader = readers.get(id) ?? new MeasurementReader(store.folderOf(id));
  readers.set(id, reader);
  for (;;) {
    const part = await reader.read();
    if (part.isLast) return;
    // Where a training goes on, rows that were there before are there again, with the same values.
    const fresh = part.rows.filter(({ at }) => isBehind(at, run.note.sent));
    await run.log(fresh.flatMap(toMetrics));
    if (fresh.length > 0) run.keep({ sent: fresh.at(-1)!.at });
    part.accept();
  }
}

function isBehind(at: RowPosition, sent = BEFORE_ALL): boolean {
  return at.step > sent.step || (at.step === sent.step && at.rows > sent.rows);
}

function toMetrics({ row, timeMs }: TimedRow): Metric[] {
  return listMeasurements(row).map(([tag, value]) => ({
    key: makeKey(tag),
    value,
    timestamp: timeMs,
    step: row.step,
  }));
}

function judge({ state }: RunRecord, isRunning: boolean): RunStatus {
  if (state === 'done') return 'FINISHED';
  if (state === 'failed') return 'FAILED';
  return isRunning ? 'RUNNING' : 'KILLED';
}

function endOf({ endedAt }: RunRecord, status: RunStatus): { endMs?: number } {
  return endedAt !== undefined && status !== 'RUNNING' ? { endMs: Date.parse(endedAt) } : {};
}

/** `top1`, ... of a finished stage, at step 0. */
function listResults(prefix: string, { result, endedAt, startedAt }: RunRecord): Metric[] {
  const timestamp = Date.parse(endedAt ?? startedAt);
  return Object.entries(result?.metrics ?? {})
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => ({ key: makeKey(`${prefix}${name}`), value, timestamp, step: 0 }));
}

/** The trial's own: it is done when all of its stages are. */
function summarise({ running }: Sending, { stages }: Trial, records: Map<Stage, RunRecord>): Outcome {
  const statuses = [...records].map(([{ id }, record]) => judge(record, running.has(id)));
  const worst = (['RUNNING', 'FAILED', 'KILLED'] as const).find((status) => statuses.includes(status));
  const status = worst ?? (records.size === stages.length ? 'FINISHED' : 'SCHEDULED');
  const ends = [...records.values()].flatMap(({ endedAt }) => (endedAt ? [Date.parse(endedAt)] : []));
  const done = [...records].filter(([stage, { state }]) => state === 'done' && isTracked(stage));
  const failed = [...records.values()].find(({ state }) => state === 'failed');
  return {
    status,
    ...(worst !== 'RUNNING' && ends.length > 0 ? { endMs: Math.max(...ends) } : {}),
    metrics: done.flatMap(([{ evaluation, kind }, record]) => listResults(`${evaluation ?? kind}.`, record)),
    tags: makeTags({ 'mocolab.state': failed ? `failed: ${failed.stage.id}` : status.toLowerCase() }),
  };
}
