// What happens during a run, as data. The launcher emits, the UIs (listr, plain, json) show.
// `--json` prints exactly these, one a line.

import type { Problem } from './problem.ts';

export type RunEvent =
  | {
      readonly type: 'run-started';
      readonly experiment: string;
      readonly folder: string;
      readonly devices: readonly string[];
      readonly stages: readonly StageSummary[];
    }
  | { readonly type: 'stage-started'; readonly id: string; readonly device: string; readonly reason: string }
  | { readonly type: 'stage-progress'; readonly id: string; readonly progress: ProgressLike }
  | { readonly type: 'stage-warning'; readonly id: string; readonly message: string }
  | {
      readonly type: 'stage-finished';
      readonly id: string;
      readonly durationMs: number;
      readonly metrics: { readonly [name: string]: number };
    }
  | {
      readonly type: 'stage-failed';
      readonly id: string;
      readonly problem: Pick<Problem, 'code' | 'message' | 'hint'>;
      readonly logTail: readonly string[];
      readonly logFile: string;
    }
  | {
      readonly type: 'stage-retrying';
      readonly id: string;
      readonly problem: Pick<Problem, 'code' | 'message' | 'hint'>;
      /** Which start again this will be, of how many. */
      readonly retry: number;
      readonly retries: number;
      readonly delayMs: number;
    }
  | { readonly type: 'stage-interrupted'; readonly id: string }
  | { readonly type: 'stage-skipped'; readonly id: string; readonly because: string }
  /** Something beside the stages has failed, and they go on without it. */
  | { readonly type: 'run-warning'; readonly problem: Pick<Problem, 'code' | 'message' | 'hint'> }
  | { readonly type: 'run-note'; readonly message: string }
  /** `reason`: the signal. */
  | { readonly type: 'run-stopping'; readonly reason: string }
  | {
      readonly type: 'run-finished';
      readonly done: number;
      readonly upToDate: number;
      readonly failed: number;
      readonly skipped: number;
      readonly interrupted: number;
      readonly durationMs: number;
    };

/** A stage as the UI first hears of it. */
export interface StageSummary {
  readonly id: string;
  readonly kind: string;
  readonly state: 'up-to-date' | 'to-run' | 'not-selected' | 'unavailable';
  readonly reason: string;
  readonly needs: readonly string[];
}

/** Same shape as the protocol's StageProgress; core does not import launch. */
export interface ProgressLike {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly epoch?: number;
  readonly epochs?: number;
  readonly meters: { readonly [name: string]: number };
  readonly imagesPerSecond?: number;
}

export type EmitEvent = (event: RunEvent) => void;
