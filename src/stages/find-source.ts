// The tensors that an encoder is extracted from: a pretrain stage's last checkpoint, the seeded
// initialisation, or a file of the user's. Extract and the sanity check read it independently.

import path from 'node:path';
import type { PretrainRecipe } from '../config/schema/recipe.generated.ts';
import { listState } from '../model/parameter-list.ts';
import { drawStartValues } from '../model/start-values.ts';
import type { ExtractSource } from '../plan/stage-graph.ts';
import { refuseDamagedInput } from '../runs/check-outputs.ts';
import { findLatestCheckpoint } from '../runs/checkpoint.ts';
import { readTensorFile } from '../runs/tensor-file.ts';
import { type EncoderTensors, findQueryEncoder } from './encoder-tensors.ts';
import { findInputFolder, type StagePlace } from './inputs.ts';

/** A query encoder and where it came from, in words. */
export interface EncoderSource {
  readonly tensors: EncoderTensors;
  readonly description: string;
}

/** Reads the source. Throws TENSOR_FILE_* and STAGE_ENCODER_NOT_FOUND problems. */
export function readEncoderSource(
  { from, recipe }: { readonly from: ExtractSource; readonly recipe: PretrainRecipe },
  place: StagePlace,
): EncoderSource {
  switch (from.kind) {
    case 'pretrain':
      return readCheckpoint(findInputFolder(place, 'pretrain'));
    case 'file':
      return readFile(path.resolve(from.path));
    case 'initialisation': {
      const { dim, mlp } = recipe.moco;
      const values = drawStartValues(listState(recipe.model, { dim, mlp }), place.stage.seed);
      const description = `initialisation of seed ${place.stage.seed}`;
      return { tensors: findQueryEncoder(values, description), description };
    }
  }
}

function readCheckpoint(folder: string): EncoderSource {
  const checkpoint = findLatestCheckpoint(folder);
  if (!checkpoint) throw new Error(`The pretrain stage is done, but ${folder} has no checkpoint.`);
  refuseDamagedInput(checkpoint.path);
  return readFile(checkpoint.path);
}

function readFile(file: string): EncoderSource {
  return { tensors: findQueryEncoder(readTensorFile(file).tensors, file), description: file };
}
