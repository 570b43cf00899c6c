// Runs a compiled experiment: takes its folder, decides from the records, and schedules the stages, each of which
// keeps its record (run-stage). Only this process writes records, so a killed worker can't claim anything.

import type { StageSummary } from '../core/events.ts';
import {
  markUnavailable,
  type StageDecisions,
  selectFailed,
  selectStage,
  selectStages,
} from '../plan/stage-decision.ts';
import type { Stage, StageGraph } from '../plan/stage-graph.ts';
import { decideStagesThoroughly } from '../runs/decide-stages.ts';
import { writeExperiment } from '../runs/experiment-file.ts';
import { endLeftWorkers } from '../runs/left-workers.ts';
import { acquireRunLock } from '../runs/run-lock.ts';
import type { RunStore } from '../runs/run-store.ts';
import { describeSurroundings } from './open-record.ts';
import type { RunOptions } from './run-options.ts';
import { startStage, type Tries } from './run-stage.ts';
import { runSchedule, type SchedulerSummary } from './scheduler.ts';

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
