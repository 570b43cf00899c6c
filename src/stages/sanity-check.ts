// Proves, before anything is judged, that the extracted encoder is encoder_q of the checkpoint: equal
// bit for bit, nothing but fc left out, every number finite. Reads the source itself, a second time.

import path from 'node:path';
import type { TensorMap } from '../core/host-tensor.ts';
import { ProblemError } from '../core/problem.ts';
import { listState } from '../model/parameter-list.ts';
import { refuseDamagedInput } from '../runs/check-outputs.ts';
import { readTensorFile } from '../runs/tensor-file.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { compareTensors, findNonFinite, isSame, type TensorDifference } from './compare-tensors.ts';
import { readEncoderSource } from './find-source.ts';
import { findInputFolder } from './inputs.ts';
import type { RunStage } from './stage-context.ts';
import { ENCODER_FILE, SANITY_FILE } from './stage-files.ts';

/** Leaves SANITY_FILE. Throws STAGE_SANITY_CHECK and STAGE_NOT_FINITE. */
export const runSanityCheck: RunStage<'sanity-check'> = async (context) => {
  const source = readEncoderSource(context.config, context);
  const file = path.join(findInputFolder(context, 'extract'), ENCODER_FILE);
  refuseDamagedInput(file);
  const { tensors: extracted } = readTensorFile(file);
  refuseDifference(compareTensors(source.tensors.backbone, extracted), source.description);
  refuseNonFinite(extracted, source.description);
  const expected = listState(context.config.recipe.model, undefined).map(({ name }) => name);
  const found = {
    source: source.description,
    encoder: file,
    tensorsEqual: extracted.size,
    leftOut: [...source.tensors.head.keys()],
    missing: expected.filter((name) => !extracted.has(name)),
    allFinite: true,
  };
  writeFileAtomic(path.join(context.folder, SANITY_FILE), [`${JSON.stringify(found, null, 2)}\n`]);
  return {
    state: 'done',
    metrics: { tensorsEqual: extracted.size },
    outputs: [SANITY_FILE],
    images: 0,
    imagesPerSecond: null,
  };
};

function refuseDifference(difference: TensorDifference, source: string): void {
  if (isSame(difference)) return;
  const { missing, unexpected, changed } = difference;
  const odd = [...missing, ...unexpected, ...changed];
  throw new ProblemError({
    code: 'STAGE_SANITY_CHECK',
    message: `Expected the extracted encoder to be encoder_q of ${source} bit for bit but ${odd.length} tensors differ (${missing.length} missing, ${unexpected.length} unexpected, ${changed.length} changed): ${odd.slice(0, 5).join(', ')}.`,
    hint: 'One of the two files was changed after it was written. Delete the extract folder and run again.',
  });
}

function refuseNonFinite(tensors: TensorMap, source: string): void {
  const names = findNonFinite(tensors);
  if (names.length === 0) return;
  throw new ProblemError({
    code: 'STAGE_NOT_FINITE',
    message: `Expected every number of the encoder in ${source} to be finite but ${names.length} tensors hold NaN or infinity: ${names.slice(0, 5).join(', ')}.`,
    hint: 'The training diverged. Lower optimizer.lr and train again.',
  });
}
