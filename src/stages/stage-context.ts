// What a stage is given and what it gives back. A stage reads the folders it needs, writes into
// its own, tells how far it is, and stops where it can go on later. It knows nothing of processes.

import type { Json } from '../core/hash.ts';
import type { BadImage } from '../data/bad-image.ts';
import type { Rendezvous } from '../engine/collectives/rendezvous/rendezvous.ts';
import type { Stage, StageConfig, StageKind } from '../plan/stage-graph.ts';

/** One stage, about to run. `Kind` narrows `config` to what this kind is told. */
export interface StageContext<Kind extends StageKind = StageKind> {
  readonly stage: Stage;
  readonly config: Extract<StageConfig, { readonly kind: Kind }>;
  /** Its own folder, absolute. May hold a checkpoint of an interrupted run with the same fingerprint. */
  readonly folder: string;
  /** Folders of the stages it needs, by stage id, absolute. */
  readonly inputFolders: { readonly [stageId: string]: string };
  readonly experimentFolder: string;
  /** CPU cores for computing and loading together. */
  readonly cores: number;
  /** This process's place among those that compute the stage together; absent: it computes it alone. */
  readonly rank?: { readonly rendezvous: Rendezvous; readonly timeoutMs: number };
  report(progress: ProgressReport): void;
  warn(message: string): void;
  /** Aborted when the stage should stop at its next safe place. */
  readonly stop: AbortSignal;
  readonly runCommand: RunCommand;
}

/**
 * Runs another program to its end; what it prints goes to the stage's log, and line by line to `onLine`. `how` ends
 * a sentence: `ended with exit code 1`.
 */
export type RunCommand = (
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly stop: AbortSignal; readonly onLine: (line: string) => void },
) => Promise<{ readonly state: 'done' | 'stopped' } | { readonly state: 'failed'; readonly how: string }>;

/** Where a stage is; see the protocol's StageProgress. */
export interface ProgressReport {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly epoch?: number;
  readonly epochs?: number;
  readonly meters: { readonly [name: string]: number };
  readonly imagesPerSecond?: number;
}

export type StageOutcome =
  | { readonly state: 'stopped' }
  | {
      readonly state: 'done';
      readonly metrics: { readonly [name: string]: number };
      /** Files it leaves, relative to its folder. */
      readonly outputs: readonly string[];
      /** Images that went through a network. */
      readonly images: number;
      /** Of those, a second, while computing; null for stages that compute nothing. */
      readonly imagesPerSecond: number | null;
      readonly engine?: { readonly [key: string]: Json };
      /** Training images that could not be read, and what stood in their places. */
      readonly badImages?: readonly BadImage[];
    };

/** The code of a stage kind. Throws a ProblemError for what the user can mend. */
export type RunStage<Kind extends StageKind = StageKind> = (
  context: StageContext<Kind>,
) => Promise<StageOutcome>;
