// A backbone that only computes features: the extracted encoder on an engine, always in eval mode,
// and the proof that nothing in it has changed (`sanity_check` of the original).

import path from 'node:path';
import type { PretrainRecipe } from '../config/schema/recipe.generated.ts';
import type { TensorMap } from '../core/host-tensor.ts';
import { ProblemError } from '../core/problem.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createEncoder } from '../model/encoder.ts';
import { refuseDamagedInput } from '../runs/check-outputs.ts';
import { readTensorFile } from '../runs/tensor-file.ts';
import { compareTensors, isSame } from './compare-tensors.ts';
import { findInputFolder, type StagePlace } from './inputs.ts';
import { ENCODER_FILE, HEAD_FILE } from './stage-files.ts';

/** Turns images into features. */
export interface FrozenBackbone {
  readonly featureDim: number;
  /** All tensors, as extracted. */
  readonly tensors: TensorMap;
  /** [N, S, S, 3] -> [N, featureDim]. The caller disposes it. */
  extractFeatures(images: tf.Tensor4D): tf.Tensor2D;
  /** Throws STAGE_BACKBONE_CHANGED unless every tensor has the bits that were loaded. */
  refuseChange(when: string): Promise<void>;
  dispose(): void;
}

export interface BackboneOptions {
  readonly engine: Engine;
  readonly trainedWith: PretrainRecipe;
  /** `projection`: the features are the output of the projection head. */
  readonly features: 'backbone' | 'projection';
}

/** Loads the encoder that the extract stage left. Throws MODEL_STATE_MISMATCH. */
export function loadFrozenBackbone(place: StagePlace, options: BackboneOptions): FrozenBackbone {
  const { engine, trainedWith, features } = options;
  const folder = findInputFolder(place, 'extract');
  const projects = features === 'projection';
  const read = (name: string) => {
    const file = path.join(folder, name);
    refuseDamagedInput(file);
    return readTensorFile(file).tensors;
  };
  const backbone = read(ENCODER_FILE);
  const head = projects ? read(HEAD_FILE) : [];
  const tensors: TensorMap = new Map([...backbone, ...head]);
  const { dim, mlp } = trainedWith.moco;
  const encoder = createEncoder({
    engine,
    model: trainedWith.model,
    ...(projects ? { head: { dim, mlp } } : {}),
    seed: 0,
  });
  encoder.loadTensors(tensors);
  return {
    featureDim: projects ? dim : encoder.featureDim,
    tensors,
    extractFeatures: (images) =>
      tf.tidy(() =>
        projects ? encoder.encode(images, { training: false }) : encoder.extractFeatures(images),
      ),
    refuseChange: async (when) => {
      const difference = compareTensors(tensors, await encoder.toTensors());
      if (!isSame(difference)) throw new ProblemError(reportChange(difference.changed, when));
    },
    dispose: () => encoder.dispose(),
  };
}

function reportChange(changed: readonly string[], when: string) {
  return {
    code: 'STAGE_BACKBONE_CHANGED',
    message: `Expected nothing but fc to change but ${changed.length} tensors of the backbone have ${when}: ${changed.slice(0, 5).join(', ')}.`,
    hint: 'This is a fault of the engine, and the accuracy would mean nothing. Try another one with --engine, and please report it.',
  };
}
