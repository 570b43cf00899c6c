// record.json: what a stage's folder claims about itself. Written when the stage starts
// (`running`) and replaced, atomically, when it ends. Only `done` counts as a result.

import type { Json } from '../core/hash.ts';
import type { Problem } from '../core/problem.ts';
import type { StageKind } from '../plan/stage-graph.ts';

export const RECORD_VERSION = 1;

/** One stage's record on disk. */
export interface RunRecord {
  readonly recordVersion: typeof RECORD_VERSION;
  readonly state: 'running' | 'done' | 'failed' | 'interrupted';
  readonly stage: {
    readonly id: string;
    readonly kind: StageKind;
    readonly method?: string;
    readonly trial?: number;
    readonly evaluation?: string;
  };
  readonly fingerprint: string;
  /** Kept so that a later plan can say which setting changed. */
  readonly identity: { readonly [key: string]: Json };
  /** Fingerprints of the stages it read from, by id. */
  readonly inputs: { readonly [stageId: string]: string };
  /** Why it ran: `never run`, `config changed: optimizer.lr 0.03 -> 0.06`, ... */
  readonly reason: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  /** Engine name, version, device; absent for stages without an engine. */
  readonly engine?: { readonly [key: string]: Json };
  readonly host: {
    readonly name: string;
    readonly platform: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  readonly versions: { readonly [name: string]: string };
  readonly gitRevision?: string;
  /** `--set` and other flags that shaped the config. */
  readonly overrides: readonly string[];
  readonly result?: StageResult;
  readonly problem?: Pick<Problem, 'code' | 'message' | 'hint'>;
  /** Failures of this run that it was started again after. */
  readonly failures?: readonly (Pick<Problem, 'code' | 'message'> & { readonly at: string })[];
}

/** What a finished stage reports. */
export interface StageResult {
  /** Final numbers: lincls `top1`, `top5`, `bestTop1`, `bestTop5` in percent; knn `top1`; pretrain `loss`, ... */
  readonly metrics: { readonly [name: string]: number };
  /** Files it leaves, relative to its folder, in a fixed order. */
  readonly outputs: readonly StageOutput[];
  readonly images: number;
  readonly imagesPerSecond: number | null;
  readonly peakMemoryBytes: number;
  readonly engine?: { readonly [key: string]: Json };
  /** Things worth knowing that did not stop it. */
  readonly warnings: readonly string[];
  /** Training images that could not be read, which of them stood in their places, and why; absent where there are none. */
  readonly badImages?: readonly {
    readonly index: number;
    readonly replacedBy: number;
    readonly reason: string;
  }[];
}

/** A file that a stage leaves. */
export interface StageOutput {
  /** Relative to the stage's folder. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** When it was last changed; where that differs, its content decides. Absent: its content always does. */
  readonly mtimeMs?: number;
}
