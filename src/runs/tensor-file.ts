// Tensors by name in files: reads every format that files/ knows, writes safetensors. A file appears
// whole or not at all.

import type { TensorMap } from '../core/host-tensor.ts';
import { type TensorSource, withTensors } from '../files/open-tensors.ts';
import { renderSafetensors } from '../files/safetensors/safetensors.ts';
import { countElements, readStored, toStored } from '../files/stored-tensor.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

export interface TensorFile {
  /** The network's, in the order in which they were written. */
  readonly tensors: TensorMap;
  /** What a safetensors file says besides; of a PyTorch file the texts and numbers beside its state dict. */
  readonly metadata: { readonly [key: string]: string };
}

/** Writes tensors and texts about them as safetensors, atomically. */
export function writeTensorFile(
  file: string,
  tensors: TensorMap,
  metadata: { readonly [key: string]: string } = {},
): void {
  for (const [name, { shape, values }] of tensors) {
    if (countElements(shape) !== values.length)
      throw new Error(`Tensor ${name} [${shape}] has ${values.length} values.`);
  }
  const stored = new Map([...tensors].map(([name, tensor]) => [name, toStored(tensor)]));
  writeFileAtomic(file, renderSafetensors(stored, metadata));
}

/**
 * Reads the tensors of a safetensors or PyTorch file into memory of their own: floats as float32, whole
 * numbers as int64. Throws problems of the file.
 */
export function readTensorFile(file: string): TensorFile {
  return withTensors(file, (source) => ({
    tensors: new Map([...source.tensors].map(([name, tensor]) => [name, readStored(tensor)])),
    metadata: describeBeside(source),
  }));
}

function describeBeside({ content, place, metadata }: TensorSource): TensorFile['metadata'] {
  if (!(content instanceof Map) || place.length === 0) return metadata;
  const plain = [...content].filter(([, value]) => ['string', 'number', 'bigint'].includes(typeof value));
  return Object.fromEntries(plain.map(([key, value]) => [String(key), String(value)]));
}
