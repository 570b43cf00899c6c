// Takes the query encoder out of what training left: backbone and head in files of their own.
// What the original's main_lincls.py does by renaming keys of the checkpoint.

import path from 'node:path';
import { refuseMismatch } from '../model/encoder-state.ts';
import { listState } from '../model/parameter-list.ts';
import { describeResNet } from '../model/resnet-spec.ts';
import { writeTensorFile } from '../runs/tensor-file.ts';
import { readEncoderSource } from './find-source.ts';
import { refuseHead } from './refuse-head.ts';
import type { RunStage } from './stage-context.ts';
import { ENCODER_FILE, HEAD_FILE } from './stage-files.ts';

/** Leaves ENCODER_FILE and HEAD_FILE. Throws MODEL_STATE_MISMATCH and STAGE_HEAD_MISMATCH where they are not the recipe's. */
export const runExtract: RunStage<'extract'> = async (context) => {
  const { description, tensors } = readEncoderSource(context.config, context);
  const { backbone, head } = tensors;
  const { arch, stem, width } = context.config.recipe.model;
  refuseMismatch(listState(context.config.recipe.model, undefined), backbone);
  refuseHead(describeResNet(context.config.recipe.model).featureDim, head);
  const metadata = { source: description, arch, stem, width: String(width) };
  writeTensorFile(path.join(context.folder, ENCODER_FILE), backbone, metadata);
  writeTensorFile(path.join(context.folder, HEAD_FILE), head, metadata);
  return {
    state: 'done',
    metrics: { tensors: backbone.size },
    outputs: [ENCODER_FILE, HEAD_FILE],
    images: 0,
    imagesPerSecond: null,
  };
};
