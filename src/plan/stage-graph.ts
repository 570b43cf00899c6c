// The immutable graph that a config compiles to: stages, what each needs, and what it costs.
// Pure data: no disk, no process, no tensor. A stage's fingerprint says everything its result
// depends on: its kind's version, identity, seed and the fingerprints of what it needs.

import type { ResolvedExperiment } from '../config/resolved.ts';
import type { Json } from '../core/hash.ts';

export type StageKind = 'pretrain' | 'extract' | 'sanity-check' | 'lincls' | 'knn' | 'detection' | 'report';

/** One unit of work: one worker process, one folder, one record. */
export interface Stage {
  /** `mocov2/trial-1/pretrain`; the report's is `report`. Also its folder below the experiment's. */
  readonly id: string;
  readonly kind: StageKind;
  /** Absent for the report. */
  readonly method?: string;
  /** 1-based. Absent for the report. */
  readonly trial?: number;
  /** The evaluation's name, for lincls and knn stages. */
  readonly evaluation?: string;
  /** Ids of the stages whose outputs it reads, in a fixed order. */
  readonly needs: readonly string[];
  /** What the stage is told to do: see `StageConfig` below by kind. */
  readonly config: StageConfig;
  /** The part of `config` that its result depends on (no loader threads, no names). */
  readonly identity: { readonly [key: string]: Json };
  /** Seed of the trial, from the experiment's seed and the trial's index. */
  readonly seed: number;
  readonly cost: StageCost;
  /** SHA-256 hex over kind, version, identity, seed and the needs' fingerprints. */
  readonly fingerprint: string;
}

/** What is known of the work before it runs. Null where it depends on data not yet surveyed. */
export interface StageCost {
  /** Optimiser steps (pretrain, lincls); batches for knn; 0 for bookkeeping stages. */
  readonly steps: number | null;
  /** Images that go through a network, forward or both ways. */
  readonly images: number | null;
  /** Upper estimate of what stays on disk. */
  readonly diskBytes: number | null;
  /** Upper estimate of what lies there besides while it trains: a checkpoint to fall back on, and the one being written. */
  readonly passingBytes?: number;
  /** Devices that the stage takes together, a process for each; 0 for stages that compute nothing. */
  readonly devices: number;
}

import type {
  DetectionRecipe,
  KnnRecipe,
  LinclsRecipe,
  ModelConfig,
  PretrainRecipe,
} from '../config/schema/recipe.generated.ts';

export type StageConfig =
  | {
      readonly kind: 'pretrain';
      readonly recipe: PretrainRecipe;
      readonly lrRule?: string;
      /** Stop after so many steps, as if told to. */
      readonly lastStep?: number;
    }
  | { readonly kind: 'extract'; readonly recipe: PretrainRecipe; readonly from: ExtractSource }
  | { readonly kind: 'sanity-check'; readonly recipe: PretrainRecipe; readonly from: ExtractSource }
  | {
      readonly kind: 'lincls';
      readonly recipe: LinclsRecipe;
      readonly model: ModelConfig;
      readonly trainedWith: PretrainRecipe;
      /** How `lr: auto` was applied, where it was. */
      readonly lrRule?: string;
      /** Stop after so many steps, as if told to. */
      readonly lastStep?: number;
    }
  | {
      readonly kind: 'knn';
      readonly recipe: KnnRecipe;
      readonly model: ModelConfig;
      readonly trainedWith: PretrainRecipe;
    }
  | { readonly kind: 'detection'; readonly recipe: DetectionRecipe; readonly model: ModelConfig }
  | { readonly kind: 'report'; readonly experiment: ResolvedExperiment };

/** Where the encoder comes from: the pretrain stage's checkpoint, the seeded initialisation, or a user's file. */
export type ExtractSource =
  | { readonly kind: 'pretrain' }
  | { readonly kind: 'initialisation' }
  | { readonly kind: 'file'; readonly path: string; readonly sha256?: string };

/** All stages in dependency order (every stage after the ones it needs). */
export interface StageGraph {
  readonly experiment: ResolvedExperiment;
  readonly stages: readonly Stage[];
}

/** Sizes of the data sets in a plan, by `dataKey`; found by the survey, or known from the recipe. */
export type DataSizes = {
  readonly [dataKey: string]: { readonly train: number; readonly val: number; readonly classes: number };
};

/** Whether a stage trains: in steps, with checkpoints, on as many devices as its recipe says. */
export function isTraining({ kind }: Pick<Stage, 'kind'>): boolean {
  return kind === 'pretrain' || kind === 'lincls';
}
