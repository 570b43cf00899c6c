// From one file of tensors to another: what is to be written, bit for bit what was read, and what is left
// out. The name of the new file says its form.

import { ProblemError } from '../../core/problem.ts';
import { findArchitecture } from '../find-architecture.ts';
import { listOtherTensors } from '../list-tensors.ts';
import type { TensorSource } from '../open-tensors.ts';
import { PyOrderedDict } from '../pickle/python-values.ts';
import { renderSafetensors } from '../safetensors/safetensors.ts';
import type { StoredTensor, StoredTensors } from '../stored-tensor.ts';
import { renderTorchFile } from '../torch/torch-writer.ts';
import { renderDetectron } from './detectron.ts';
import { type DroppedTensor, type EncoderPart, explainDropped, takeEncoder } from './encoder-part.ts';
import { parseSkeleton, renderSkeleton, SKELETON_KEY } from './skeleton.ts';

/** What a file can become. */
export type Target = 'checkpoint' | 'torchvision' | 'safetensors' | 'safetensors-encoder' | 'detectron2';

export interface Conversion {
  /** In words, for people. */
  readonly what: string;
  /** How many tensors are written. */
  readonly kept: number;
  readonly dropped: readonly DroppedTensor[];
  /** The new file's bytes, front to back. */
  readonly parts: Iterable<Uint8Array>;
}

/** By the new file's name. Throws CONVERT_TARGET_UNKNOWN. */
export function chooseTarget(file: string, { encoder }: { readonly encoder: boolean }): Target {
  if (file.endsWith('.safetensors')) return encoder ? 'safetensors-encoder' : 'safetensors';
  if (file.endsWith('.pkl')) return 'detectron2';
  if (file.endsWith('.pth.tar') && !encoder) return 'checkpoint';
  if (/\.(pth|pt|pth\.tar)$/.test(file)) return 'torchvision';
  throw new ProblemError({
    code: 'CONVERT_TARGET_UNKNOWN',
    message: `Expected the name of the new file to end in .pth.tar, .pth, .pt, .safetensors or .pkl but received ${file}.`,
    hint: '.pth.tar: MoCo’s checkpoint; .pth or .pt: torchvision’s state dict; .pkl: Detectron2; .safetensors: everything, or with --encoder the encoder.',
  });
}

/** What becomes of an open file. Throws CONVERT_* problems; writing throws those of the file. */
export function convert(source: TensorSource, target: Target): Conversion {
  switch (target) {
    case 'checkpoint':
      return toCheckpoint(source);
    case 'torchvision':
      return toTorchvision(source);
    case 'safetensors':
      return toSafetensors(source);
    case 'safetensors-encoder':
      return toEncoder(source);
    case 'detectron2':
      return toDetectron(source);
  }
}

function toCheckpoint(source: TensorSource): Conversion {
  const whole = findWhole(source);
  if (whole !== undefined) {
    const kept =
      source.format === 'safetensors'
        ? source.tensors.size
        : source.tensors.size + listOtherTensors(source).size;
    return { what: 'the whole checkpoint', kept, dropped: [], parts: renderTorchFile(whole) };
  }
  const encoder = takeEncoder(source);
  const named = [...encoder.backbone, ...encoder.head].map(([name, tensor]): [string, StoredTensor] => [
    `module.encoder_q.${name}`,
    tensor,
  ]);
  const content = new Map<string, unknown>([
    ['epoch', 0n],
    ['arch', describeEncoder(encoder).arch],
    ['state_dict', new PyOrderedDict(named)],
  ]);
  return describeConversion(source, 'the encoder as encoder_q of a MoCo checkpoint', {
    written: new Map(named),
    parts: renderTorchFile(content),
  });
}

/** A checkpoint of MoCo's, or of its linear classification, whole. */
function findWhole(source: TensorSource): unknown {
  const { content, place, metadata, tensors } = source;
  if (content !== undefined) return place[0] === 'state_dict' && isMoco(tensors) ? content : undefined;
  const skeleton = metadata[SKELETON_KEY];
  if (skeleton !== undefined) return parseSkeleton(skeleton, tensors) ?? damagedSkeleton(source);
  return isMoco(tensors) ? new Map<string, unknown>([['state_dict', new PyOrderedDict(tensors)]]) : undefined;
}

function isMoco(tensors: StoredTensors): boolean {
  return tensors.has('module.encoder_q.conv1.weight') || tensors.has('module.conv1.weight');
}

function damagedSkeleton({ path }: TensorSource): never {
  throw new ProblemError({
    code: 'CONVERT_SKELETON_INVALID',
    message: `Expected ${SKELETON_KEY} of ${path} to describe a checkpoint of its tensors but it doesn't.`,
    hint: 'Another program changed the file. Convert its encoder alone: to .pth, or with --encoder.',
  });
}

function toTorchvision(source: TensorSource): Conversion {
  const { backbone, head, isClassifier } = takeEncoder(source);
  const written = new Map([...backbone, ...(isClassifier ? head : [])]);
  const what = isClassifier
    ? 'the network as torchvision’s state dict'
    : 'the backbone as torchvision’s state dict, without fc';
  return describeConversion(source, what, { written, parts: renderTorchFile(new PyOrderedDict(written)) });
}

function toEncoder(source: TensorSource): Conversion {
  const encoder = takeEncoder(source);
  const { arch, stem, width } = describeEncoder(encoder);
  const metadata = { source: source.path, arch, stem, width };
  const parts = renderSafetensors(encoder.backbone, metadata);
  return describeConversion(source, 'the backbone', { written: encoder.backbone, parts });
}

function toDetectron(source: TensorSource): Conversion {
  const { backbone, head } = takeEncoder(source);
  const written = new Map([...backbone, ...head]);
  return describeConversion(source, 'the encoder for Detectron2', {
    written,
    parts: renderDetectron(written),
  });
}

function toSafetensors(source: TensorSource): Conversion {
  const { tensors, content, metadata } = source;
  const written = new Map([...tensors, ...listOtherTensors(source)]);
  const names = new Map<unknown, string>([...written].map(([name, tensor]) => [tensor, name]));
  const about = content === undefined ? metadata : { [SKELETON_KEY]: renderSkeleton(content, names) };
  return describeConversion(source, 'everything', { written, parts: renderSafetensors(written, about) });
}

function describeConversion(
  source: TensorSource,
  what: string,
  { written, parts }: { readonly written: StoredTensors; readonly parts: Iterable<Uint8Array> },
): Conversion {
  const kept = new Set(written.values());
  const dropped = explainDropped(source, kept).filter(
    ({ name }) => !written.has(name) || source.tensors.has(name),
  );
  return { what, kept: written.size, dropped, parts };
}

function describeEncoder({ backbone, head }: EncoderPart) {
  const shapes = [...backbone, ...head].map(([name, { shape }]): [string, readonly number[]] => [
    name,
    shape,
  ]);
  const found = findArchitecture(new Map(shapes));
  return {
    arch: found?.arch ?? 'unknown',
    stem: found?.stem ?? 'unknown',
    width: String(found?.width ?? 'unknown'),
  };
}
