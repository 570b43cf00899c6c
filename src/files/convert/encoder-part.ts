// The encoder's part of a checkpoint under torchvision's names, and why each other tensor is left out.

import { ProblemError } from '../../core/problem.ts';
import { type FoundLayout, findLayout } from '../checkpoint-layouts.ts';
import { listMarks } from '../describe-file.ts';
import { listOtherTensors } from '../list-tensors.ts';
import type { TensorSource } from '../open-tensors.ts';
import type { StoredTensor, StoredTensors } from '../stored-tensor.ts';

/** A tensor that is left out, and why. */
export interface DroppedTensor {
  readonly name: string;
  readonly reason: string;
}

export interface EncoderPart {
  readonly layout: FoundLayout;
  /** By torchvision's names. */
  readonly backbone: StoredTensors;
  /** `fc.*`. */
  readonly head: StoredTensors;
  /** Whether the head is a classifier of the whole network, not a projection for training. */
  readonly isClassifier: boolean;
}

/** Finds it. Throws CONVERT_NO_ENCODER. */
export function takeEncoder(source: TensorSource): EncoderPart {
  const layout = findLayout(source.tensors.keys(), listMarks(source));
  if (!layout) throw new ProblemError(reportNoEncoder(source));
  const all = [...layout.names].map(([name, bare]): [string, StoredTensor] => [
    bare,
    source.tensors.get(name)!,
  ]);
  const isHead = ([name]: readonly [string, unknown]) => name.startsWith('fc.');
  return {
    layout,
    backbone: new Map(all.filter((each) => !isHead(each))),
    head: new Map(all.filter(isHead)),
    isClassifier: ['', 'module.'].includes(layout.prefix) && all.some(([name]) => name === 'fc.weight'),
  };
}

/** Every tensor of the file that is not in `kept`, with its reason. */
export function explainDropped(source: TensorSource, kept: ReadonlySet<StoredTensor>): DroppedTensor[] {
  const network = [...source.tensors].filter(([, tensor]) => !kept.has(tensor));
  const beside = [...listOtherTensors(source).keys()];
  return [
    ...network.map(([name]) => ({ name, reason: explainName(name) })),
    ...beside.map((name) => ({
      name,
      reason: name.startsWith('optimizer') ? REASONS.optimizer : REASONS.beside,
    })),
  ];
}

const REASONS = {
  key: 'the key encoder: only pre-training needs it',
  queue: 'the queue of negatives: only pre-training needs it',
  head: 'the projection head: no part of the backbone',
  optimizer: 'the optimiser’s state: only resuming needs it',
  beside: 'stands beside the network',
  other: 'no part of the encoder',
};

function explainName(name: string): string {
  if (/(^|\.)queue(_ptr)?$/.test(name)) return REASONS.queue;
  if (
    /(^|\.)(encoder_k|momentum_encoder|momentum_backbone|backbone_momentum|momentum_projector)\./.test(name)
  )
    return REASONS.key;
  if (/(^|\.)(fc|projector|projection_head|neck|heads?)\./.test(name)) return REASONS.head;
  if (name.startsWith('optimizer.')) return REASONS.optimizer;
  return REASONS.other;
}

function reportNoEncoder({ path, tensors }: TensorSource) {
  const starts = [...new Set([...tensors.keys()].map((name) => name.split('.').slice(0, 2).join('.')))];
  return {
    code: 'CONVERT_NO_ENCODER',
    message: `Expected a ResNet encoder of a known layout in ${path} but its ${tensors.size} tensors have other names.`,
    hint: `They begin with: ${starts.slice(0, 6).join(', ')}.`,
  };
}
