// Tells others of a run, where its experiment says so: the events of the run go to both.

import type { EmitEvent } from '../core/events.ts';
import type { StageGraph } from '../plan/stage-graph.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { Signals } from './listen-for-signals.ts';

/** A run that is told. */
export interface TrackedRun {
  readonly emit: EmitEvent;
  /** Resolves when all that could be sent is. */
  close(): Promise<void>;
}

export interface TrackOptions {
  readonly graph: StageGraph;
  readonly store: RunStore;
  readonly emit: EmitEvent;
  readonly signals: Signals;
}

/** Begins with the event `run-started`: the folder is this runner's then. Throws MLFLOW_URI. */
export async function trackRun({ graph, store, emit, signals }: TrackOptions): Promise<TrackedRun> {
  if (!graph.experiment.tracking?.mlflow) return { emit, close: async () => {} };
  const { findMlflowServer } = await import('../tracking/mlflow/find-server.ts');
  const { MlflowFollower } = await import('../tracking/mlflow/follow-run.ts');
  const server = findMlflowServer(graph.experiment, process.env);
  let follower: InstanceType<typeof MlflowFollower> | undefined;
  return {
    emit: (event) => {
      emit(event);
      const { stop, kill } = signals;
      if (event.type === 'run-started')
        follower = new MlflowFollower({ graph, store, server, emit, stop, kill });
      else follower?.onEvent(event);
    },
    close: async () => follower?.close(),
  };
}
