// Runs a graph over a pool of devices: what is ready starts in the graph's order, stages side by side. One
// that needs more devices than are free keeps those that are, so that later ones never starve it. A failed stage takes what depends on it out, and `failureMode` says what becomes of the others.
// Knows no processes: `startStage` does, so that tests can run thousands of graphs.

import type { LaunchConfig } from '../config/schema/experiment.generated.ts';
import type { StageDecisions } from '../plan/stage-decision.ts';
import type { Stage, StageGraph } from '../plan/stage-graph.ts';
import { createDevicePool, type Device } from './device-pool.ts';
import { trackReadiness } from './track-readiness.ts';

/** A stage at work. */
export interface RunningStage {
  readonly ended: Promise<StageEnd>;
  /** Asks it to stop at its next safe place. */
  stop(): void;
  kill(): void;
}

/** `retryAfterMs`: it failed in a way that may pass, and is to be started again after a while. */
export type StageEnd = 'done' | 'failed' | 'interrupted' | { readonly retryAfterMs: number };

type FinalEnd = Extract<StageEnd, string>;

export interface SchedulerOptions {
  readonly graph: StageGraph;
  readonly decisions: StageDecisions;
  readonly devices: readonly Device[];
  readonly failureMode: LaunchConfig['failureMode'];
  /** `devices`: as many as the stage needs; the host alone for one that computes nothing. */
  readonly startStage: (stage: Stage, devices: readonly Device[]) => RunningStage;
  /** Told of each stage that will not run, and why. */
  readonly onSkipped: (stage: Stage, because: string) => void;
  /** Calls back after a while, unless it is cancelled. */
  readonly wait: (ms: number, then: () => void) => { readonly cancel: () => void };
  /** Aborted: no new stages, running ones are asked to stop. */
  readonly stop: AbortSignal;
  /** Aborted: running ones are killed. */
  readonly kill: AbortSignal;
}

/** How many stages ended in each way. */
export interface SchedulerSummary {
  readonly done: number;
  readonly upToDate: number;
  readonly failed: number;
  readonly skipped: number;
  readonly interrupted: number;
}

/** Where a stage that computes nothing runs. */
const HOST: Device = { name: 'host', kind: 'cpu', cores: 1 };

/** Runs all stages that are to run; resolves when nothing runs any more. No stage may need more devices than there are. */
export async function runSchedule(options: SchedulerOptions): Promise<SchedulerSummary> {
  const { graph, decisions, devices, startStage, onSkipped, failureMode } = options;
  const pool = createDevicePool(devices);
  const waiting = new Set(graph.stages.filter((stage) => decisions.get(stage.id)?.state === 'to-run'));
  const readiness = trackReadiness(graph.stages, waiting, decisions);
  const running = new Map<Stage, RunningStage>();
  const resting = new Map<Stage, { readonly cancel: () => void }>();
  const ended = new Map<string, FinalEnd | 'skipped'>();
  let hostStages = 0;
  let closed = options.stop.aborted;

  const stopAll = () => {
    closed = true;
    for (const stage of running.values()) stage.stop();
  };
  const killAll = () => {
    closed = true;
    for (const stage of running.values()) stage.kill();
  };

  return new Promise((resolve, reject) => {
    const start = (stage: Stage, devices: readonly Device[], release: () => void) => {
      waiting.delete(stage);
      readiness.remove(stage);
      const run = startStage(stage, devices);
      running.set(stage, run);
      run.ended
        .then((end) => {
          running.delete(stage);
          release();
          if (typeof end === 'object') rest(stage, end.retryAfterMs);
          else ended.set(stage.id, end);
          if (end === 'done') readiness.finish(stage);
          if (end === 'failed') reactToFailure(stage);
          advance();
        })
        .catch(fail);
    };
    /** Its device is free for others until then. */
    const rest = (stage: Stage, ms: number) => {
      const wake = () => {
        resting.delete(stage);
        waiting.add(stage);
        readiness.add(stage);
        advanceSafely();
      };
      resting.set(stage, options.wait(ms, wake));
    };
    /** Stages that wait for another try have been interrupted where none is to come. */
    const endRest = () => {
      for (const [stage, { cancel }] of resting) {
        cancel();
        ended.set(stage.id, 'interrupted');
      }
      resting.clear();
    };
    const fail = (error: unknown) => {
      killAll();
      reject(error);
    };
    const reactToFailure = (stage: Stage) => {
      skipDependents(stage, `${stage.id} failed`);
      if (failureMode === 'no-new') closed = true;
      if (failureMode === 'kill') killAll();
    };
    const skipDependents = (failed: Stage, because: string) => {
      const out = new Set([failed.id]);
      for (const stage of graph.stages) {
        if (!waiting.has(stage) || !stage.needs.some((need) => out.has(need))) continue;
        out.add(stage.id);
        skip(stage, because);
      }
    };
    const skip = (stage: Stage, because: string) => {
      waiting.delete(stage);
      readiness.remove(stage);
      ended.set(stage.id, 'skipped');
      onSkipped(stage, because);
    };
    const startOnHost = (stage: Stage) => {
      if (hostStages >= devices.length) return;
      hostStages++;
      start(stage, [HOST], () => {
        hostStages--;
      });
    };
    /** False where too few are free: those are the stage's as soon as the others are. */
    const startOnDevices = (stage: Stage) => {
      const leased = pool.lease(stage.cost.devices);
      if (leased) start(stage, leased, () => pool.release(leased));
      return leased !== undefined;
    };
    const advance = () => {
      if (!closed) {
        let isKept = false;
        for (const stage of readiness.list()) {
          if (stage.cost.devices === 0) startOnHost(stage);
          else if (!isKept) isKept = !startOnDevices(stage);
        }
      }
      if (closed) endRest();
      if (running.size + resting.size > 0) return;
      const because = options.stop.aborted
        ? 'the run was stopped'
        : `another stage failed (failureMode ${failureMode})`;
      for (const stage of [...waiting]) skip(stage, because);
      resolve(summarise(options, ended));
    };
    const advanceSafely = () => {
      try {
        advance();
      } catch (error) {
        fail(error);
      }
    };
    options.stop.addEventListener('abort', () => {
      stopAll();
      advanceSafely();
    });
    options.kill.addEventListener('abort', killAll);
    advanceSafely();
  });
}

function summarise(
  { decisions }: SchedulerOptions,
  ended: ReadonlyMap<string, FinalEnd | 'skipped'>,
): SchedulerSummary {
  const count = (end: FinalEnd | 'skipped') => [...ended.values()].filter((other) => other === end).length;
  return {
    done: count('done'),
    upToDate: [...decisions.values()].filter(({ state }) => state === 'up-to-date').length,
    failed: count('failed'),
    skipped: count('skipped'),
    interrupted: count('interrupted'),
  };
}
