// Runs the stages of a small experiment in this process, one after the other, without a launcher.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import type { LinclsRecipe } from '../../src/config/schema/recipe.generated.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import type { Stage, StageKind } from '../../src/plan/stage-graph.ts';
import type { ProgressReport, StageContext, StageOutcome } from '../../src/stages/stage-context.ts';
import { loadStage } from '../../src/stages/stage-list.ts';
import { runCommand } from '../../src/worker/run-command.ts';
import { knn, lincls, makeExperiment, makeMethod } from './make-experiment.ts';
import { makeFolder } from './make-record.ts';

/** Sixteen-pixel images of four classes, a ResNet-18 of width 4, two epochs. */
export function makeTinyExperiment(changes: Partial<ResolvedExperiment> = {}): ResolvedExperiment {
  const data = {
    dataset: 'synthetic',
    synthetic: { classes: 4, train: 96, val: 32, size: 16 },
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  } as const;
  const shared = { data: { ...data, mean: [...data.mean], std: [...data.std] }, engine: 'wasm' } as never;
  const method = makeMethod('moco', {
    ...(shared as object),
    epochs: 2,
    batchSize: 16,
    model: { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'split 2' },
    moco: { ...makeMethod('x').recipe.moco, dim: 16, queueSize: 32, mlp: true },
    augment: [
      { op: 'randomResizedCrop', size: 16, scale: [0.2, 1], ratio: [0.75, 1.3333] },
      { op: 'randomHorizontalFlip', p: 0.5 },
    ],
  });
  const linear = {
    ...lincls.recipe,
    ...(shared as object),
    epochs: 3,
    batchSize: 32,
    optimizer: { lr: 1, momentum: 0.9, weightDecay: 0 },
    schedule: { policy: 'step', milestones: [2], gamma: 0.1 },
    augment: [{ op: 'centerCrop', size: 16 }],
  } as typeof lincls.recipe;
  const neighbours = { ...knn.recipe, ...(shared as object), k: 10, batchSize: 32 } as typeof knn.recipe;
  return makeExperiment({
    methods: [method],
    evaluations: [
      { ...lincls, recipe: linear },
      { ...knn, recipe: neighbours },
    ],
    ...changes,
  });
}

export interface StageRunner {
  readonly folder: string;
  folderOf(stage: Stage): string;
  find(kind: StageKind): Stage;
  /** Runs one stage; what it reads must have been run before. */
  run(kind: StageKind, options?: RunOptions): Promise<StageOutcome>;
  readonly warnings: string[];
}

export interface RunOptions {
  /** Told of every report; may abort. */
  readonly onProgress?: (progress: ProgressReport, stop: AbortController) => void;
}

/** Prepares a folder for the first method's first trial. */
export function createStageRunner(experiment: ResolvedExperiment, folder = makeFolder()): StageRunner {
  const { stages } = compilePlan(experiment, {});
  const warnings: string[] = [];
  const folderOf = ({ id }: Pick<Stage, 'id'>) => path.join(folder, id);
  const find = (kind: StageKind) => stages.find((stage) => stage.kind === kind)!;
  return {
    folder,
    folderOf,
    find,
    warnings,
    run: async (kind, { onProgress } = {}) => {
      const stage = find(kind);
      const stop = new AbortController();
      mkdirSync(folderOf(stage), { recursive: true });
      const context: StageContext = {
        stage,
        config: stage.config,
        folder: folderOf(stage),
        inputFolders: Object.fromEntries(stage.needs.map((id) => [id, folderOf({ id })])),
        experimentFolder: folder,
        cores: 2,
        report: (progress) => onProgress?.(progress, stop),
        warn: (message) => warnings.push(message),
        stop: stop.signal,
        runCommand,
      };
      return (await loadStage(kind))(context);
    },
  };
}

/** Runs these kinds in order. */
export async function runKinds(runner: StageRunner, ...kinds: readonly StageKind[]): Promise<StageOutcome[]> {
  const outcomes: StageOutcome[] = [];
  for (const kind of kinds) outcomes.push(await runner.run(kind));
  return outcomes;
}

/** The tiny experiment with changes of its linear classification. */
export function changeLincls(changes: Partial<LinclsRecipe>): ResolvedExperiment {
  const experiment = makeTinyExperiment();
  const evaluations = experiment.evaluations.map((evaluation) => {
    const { recipe } = evaluation;
    return recipe.kind === 'lincls' ? { ...evaluation, recipe: { ...recipe, ...changes } } : evaluation;
  });
  return { ...experiment, evaluations };
}
