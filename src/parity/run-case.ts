// Computes one reference case on an engine: from its file to all numbers, ours beside PyTorch's.

import type { Engine } from '../engine/engine.ts';
import type { CaseResult } from './comparison.ts';
import { describeCase } from './describe-case.ts';
import { type ParityCase, readCase } from './read-case.ts';
import { runAugmentCase } from './run-augment-case.ts';
import { runLinclsCase } from './run-lincls-case.ts';
import { withRanks } from './run-ranks.ts';
import { runTrainingCase, type TrainingOutcome } from './run-training-case.ts';

/**
 * Computes a case.
 *
 * @param onProgress is told what is being computed, in words
 */
export async function runCase(
  engine: Engine,
  file: string,
  onProgress: (message: string) => void = () => {},
): Promise<CaseResult> {
  const started = performance.now();
  const parityCase = readCase(file);
  const { title, notes } = describeCase(parityCase);
  const found = await compareCase(engine, parityCase, { file, onProgress });
  const seconds = (performance.now() - started) / 1000;
  return {
    file,
    title,
    seconds,
    comparisons: found.comparisons,
    notes: [...notes, ...found.notes],
  };
}

const NOTHING: TrainingOutcome = { comparisons: [], notes: [] };

async function compareCase(
  engine: Engine,
  { kind, given }: ParityCase,
  { file, onProgress }: { readonly file: string; readonly onProgress: (message: string) => void },
): Promise<TrainingOutcome> {
  const tell = (step: number, steps: number) => onProgress(`step ${step + 1} of ${steps}`);
  switch (kind) {
    case 'training-case':
      if (given.config.ranks === 1) return runTrainingCase(engine, given, { onProgress });
      return withRanks(engine, { file, ranks: given.config.ranks }, (collectives) =>
        runTrainingCase(engine, given, { onProgress, collectives }),
      );
    case 'lincls-case':
      return {
        ...NOTHING,
        comparisons: await runLinclsCase(engine, given, (step) => tell(step, given.lincls.length)),
      };
    case 'augment-case':
      onProgress(`${Object.keys(given.ops).length} image operations`);
      return { ...NOTHING, comparisons: runAugmentCase(given) };
  }
}
