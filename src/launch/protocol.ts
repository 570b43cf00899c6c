// What parent and worker say to each other over IPC. Both check the version first.
// Plain JSON; errors travel as problems, bugs as a message with a stack.

import type { Problem } from '../core/problem.ts';
import type { Rendezvous } from '../engine/collectives/rendezvous/rendezvous.ts';
import type { Stage } from '../plan/stage-graph.ts';
import type { StageResult } from '../runs/run-record.ts';
import type { Device } from './device-pool.ts';

export const PROTOCOL_VERSION = 2;

/** Everything a worker needs to run one stage. */
export interface StageOrder {
  readonly stage: Stage;
  /** The stage's own folder, absolute; exists and holds config.yaml and record.json. */
  readonly folder: string;
  /** Folders of the stages it needs, by stage id, absolute. */
  readonly inputFolders: { readonly [stageId: string]: string };
  /** The experiment's folder, absolute (the report reads all records below it). */
  readonly experimentFolder: string;
  readonly device: Device;
  /** Which part of the stage is this process's; absent: all of it. */
  readonly rank?: RankPlace;
}

/** One of several processes that compute a stage together. */
export interface RankPlace {
  readonly rendezvous: Rendezvous;
  /** How long a rank waits for the others. */
  readonly timeoutMs: number;
}

/** Codes of problems that a rank has because another one has ended. */
export const LOST_PEER_CODES: readonly string[] = [
  'RANK_LOST',
  'RENDEZVOUS_RANK_LEFT',
  'RENDEZVOUS_TURNED_AWAY',
];

/** What went wrong with a stage: it has no place in a file. */
export type StageProblem = Pick<Problem, 'code' | 'message' | 'hint'>;

export type ParentMessage =
  | { readonly type: 'run'; readonly protocolVersion: number; readonly order: StageOrder }
  /** Stop at the next safe place, then report `stopped`. May come before the order. */
  | { readonly type: 'stop' };

export type WorkerMessage =
  | { readonly type: 'hello'; readonly protocolVersion: number; readonly pid: number }
  | {
      readonly type: 'progress';
      readonly progress: StageProgress;
      /** Of the process, at its highest so far. */
      readonly peakMemoryBytes?: number;
    }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'done'; readonly result: StageResult }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly problem: StageProblem }
  | { readonly type: 'crashed'; readonly message: string; readonly stack: string };

/** Where a running stage is. Sent a few times a second at most. */
export interface StageProgress {
  /** What it is doing: `train`, `validate`, `load data`, ... */
  readonly phase: string;
  /** Whole work of the stage, in images or items. */
  readonly done: number;
  readonly total: number;
  /** 1-based, with the number of epochs. */
  readonly epoch?: number;
  readonly epochs?: number;
  /** Latest meters, e.g. `loss`, `acc1`, `lr`. */
  readonly meters: { readonly [name: string]: number };
  readonly imagesPerSecond?: number;
}
