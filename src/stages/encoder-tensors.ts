// Finds the query encoder in a set of tensors by its names: a MoCo checkpoint of ours or an
// extracted encoder. As in the original: only `module.encoder_q.` counts, and fc is the head.

import type { TensorMap } from '../core/host-tensor.ts';
import type { Problem } from '../core/problem.ts';
import { ProblemError } from '../core/problem.ts';

const QUERY_PREFIX = 'module.encoder_q.';

/** A query encoder in two parts, both by torchvision's names. */
export interface EncoderTensors {
  readonly backbone: TensorMap;
  /** `fc.*`; empty where the source had none. */
  readonly head: TensorMap;
}

/** Splits a checkpoint's tensors into backbone and head of the query encoder. */
export function findQueryEncoder(tensors: TensorMap, source: string): EncoderTensors {
  const prefix = choosePrefix([...tensors.keys()], source);
  const backbone = new Map();
  const head = new Map();
  for (const [name, tensor] of tensors) {
    if (!name.startsWith(prefix)) continue;
    const bare = name.slice(prefix.length);
    (bare.startsWith('fc.') ? head : backbone).set(bare, tensor);
  }
  return { backbone, head };
}

function choosePrefix(names: readonly string[], source: string): string {
  if (names.includes(`${QUERY_PREFIX}conv1.weight`)) return QUERY_PREFIX;
  if (names.includes('conv1.weight')) return '';
  throw new ProblemError(reportNoEncoder(names, source));
}

function reportNoEncoder(names: readonly string[], source: string): Problem {
  const prefixes = [...new Set(names.map((name) => name.split('.').slice(0, 2).join('.')))].slice(0, 6);
  return {
    code: 'STAGE_ENCODER_NOT_FOUND',
    message: `Expected ${QUERY_PREFIX}conv1.weight or conv1.weight in ${source} but found ${names.length} tensors of other names.`,
    hint: `They begin with: ${prefixes.join(', ')}. Give a checkpoint of a pretrain stage or an extracted encoder.`,
  };
}
