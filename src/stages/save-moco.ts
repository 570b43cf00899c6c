// Writes a pre-training's checkpoint, from which it goes on to the same bits.

import path from 'node:path';
import { dropSuperseded, writeTorchFile } from '../runs/checkpoint.ts';
import type { TrainingWatch } from '../train/warnings/watch-training.ts';
import { buildMocoCheckpoint } from './moco-checkpoint.ts';
import { computeRate, type MocoTraining } from './moco-training.ts';
import { refuseNonFiniteTensors } from './non-finite.ts';
import type { TrainingPosition } from './training-position.ts';

interface Saving {
  readonly position: TrainingPosition;
  readonly watch: TrainingWatch;
  /** The epoch's batches are done, but not what is measured after them. */
  readonly isOpen?: boolean;
}

/** Writes it under a name in the stage's folder; nothing on ranks that keep no files. */
export async function saveCheckpoint(
  { context, recipe, moco, log, team, badImages }: MocoTraining,
  { position, watch, isOpen = false }: Saving,
  name: string,
): Promise<void> {
  if (!team.keepsFiles) return position.noteSaved();
  const { folder, stage } = context;
  const lr = computeRate(recipe, position.epoch);
  const tensors = await moco.toTensors();
  refuseNonFiniteTensors(context, tensors, { step: position.step, lr });
  const progress = {
    ...position.describe(),
    ...(isOpen ? { isEpochOpen: true as const } : {}),
    metrics: log.mark(position.step),
    warnings: watch.given,
    ...badImages.describe(),
  };
  const content = buildMocoCheckpoint(tensors, progress, { recipe, lr, fingerprint: stage.fingerprint });
  writeTorchFile(path.join(folder, name), content);
  position.noteSaved();
  const { keep } = recipe.checkpointing;
  dropSuperseded(folder, { keep, stepsPerEpoch: position.batchesPerEpoch });
}
