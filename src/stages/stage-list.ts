// The list of stage kinds and where their code is. Imported lazily, so that a report
// never loads an engine.

import type { StageKind } from '../plan/stage-graph.ts';
import type { RunStage } from './stage-context.ts';

const loaders: { readonly [Kind in StageKind]: () => Promise<RunStage<Kind>> } = {
  pretrain: async () => (await import('./pretrain.ts')).runPretrain,
  extract: async () => (await import('./extract.ts')).runExtract,
  'sanity-check': async () => (await import('./sanity-check.ts')).runSanityCheck,
  lincls: async () => (await import('./lincls.ts')).runLincls,
  knn: async () => (await import('./knn.ts')).runKnn,
  detection: async () => (await import('./detection.ts')).runDetection,
  report: async () => (await import('./report.ts')).runReport,
};

/** Loads the code of a stage kind. */
export async function loadStage(kind: StageKind): Promise<RunStage> {
  return (await loaders[kind]()) as RunStage;
}
