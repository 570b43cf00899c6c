// What a run of an experiment is told.

import type { EmitEvent } from '../core/events.ts';
import type { OwnScript } from '../core/own-script.ts';
import type { StageGraph, StageKind } from '../plan/stage-graph.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { Device } from './device-pool.ts';
import type { RankPlace } from './protocol.ts';

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
