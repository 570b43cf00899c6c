// A head must fit the backbone that it stood on: its first layer takes the pooled features.

import type { TensorMap } from '../core/host-tensor.ts';
import { ProblemError } from '../core/problem.ts';

/** Throws STAGE_HEAD_MISMATCH unless every layer takes what the one below gives. No head is fine. */
export function refuseHead(featureDim: number, head: TensorMap): void {
  let inputs = featureDim;
  for (const [name, { shape }] of head) {
    if (!name.endsWith('.weight')) continue;
    if (shape.length !== 2 || shape[1] !== inputs) {
      throw new ProblemError({
        code: 'STAGE_HEAD_MISMATCH',
        message: `Expected ${name} to take ${inputs} values, [outputs, ${inputs}], but it is [${shape}].`,
        hint: 'The head belongs to another backbone: check model.arch and model.width.',
      });
    }
    inputs = shape[0]!;
  }
}
