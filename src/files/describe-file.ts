// What `moco inspect` tells of a file of tensors: format, whose layout, architecture, epoch, and of every
// tensor its format, shape, mean, standard deviation and how many NaN it holds.

import { statSync } from 'node:fs';
import { findLayout, type LayoutName } from './checkpoint-layouts.ts';
import type { DtypeName } from './dtypes.ts';
import { type FoundArchitecture, findArchitecture } from './find-architecture.ts';
import { hashFile } from './hash-file.ts';
import { listOtherTensors } from './list-tensors.ts';
import { type FileFormat, type TensorSource, withTensors } from './open-tensors.ts';
import { readStored, type StoredTensor } from './stored-tensor.ts';

export interface FileDescription {
  readonly path: string;
  readonly bytes: number;
  readonly format: FileFormat;
  readonly md5: string;
  /** Which published checkpoint has this md5. */
  readonly published: string | null;
  /** Null where the names are those of no layout that is known. */
  readonly layout: LayoutName | null;
  /** What the encoder's names begin with. */
  readonly prefix: string | null;
  readonly architecture: FoundArchitecture | null;
  /** MoCo's queue: K keys of size dim. */
  readonly queue: { readonly dim: number; readonly size: number } | null;
  /** Epochs done, as the file says. */
  readonly epoch: number | null;
  /** The network's. */
  readonly tensors: readonly TensorSummary[];
  /** Beside the network: an optimiser's momentum buffers, ... */
  readonly others: readonly TensorSummary[];
}

export interface TensorSummary {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DtypeName;
  /** Over the numbers that are no NaN; null where there are none. */
  readonly mean: number | null;
  /** Population standard deviation, likewise. */
  readonly std: number | null;
  readonly nan: number;
}

/** First digits of the md5 of what facebookresearch/moco publishes (README, "Models"). */
const PUBLISHED: ReadonlyMap<string, string> = new Map([
  ['b251726a', 'moco_v1_200ep'],
  ['59fd9945', 'moco_v2_200ep'],
  ['a04e12f8', 'moco_v2_800ep'],
]);

/** Name of the checkpoint that facebookresearch/moco publishes with this md5. */
export function namePublished(md5: string): string | undefined {
  return PUBLISHED.get(md5.slice(0, 8));
}

/** Describes a file. Throws problems of the file. */
export function describeFile(file: string): FileDescription {
  const md5 = hashFile(file, 'md5');
  const bytes = statSync(file).size;
  return withTensors(file, (source) => {
    const { tensors, format } = source;
    const found = findLayout(tensors.keys(), listMarks(source));
    const shapes = new Map([...(found?.names ?? [])].map(([name, bare]) => [bare, tensors.get(name)!.shape]));
    return {
      path: file,
      bytes,
      format,
      md5,
      published: namePublished(md5) ?? null,
      layout: found?.layout ?? null,
      prefix: found?.prefix ?? null,
      architecture: findArchitecture(shapes) ?? null,
      queue: findQueue(source),
      epoch: findEpoch(source),
      tensors: [...tensors].map(([name, tensor]) => summarise(name, tensor)),
      others: [...listOtherTensors(source)].map(([name, tensor]) => summarise(name, tensor)),
    };
  });
}

/** What besides tensors' names tells whose file it is: the keys at the top, or ours in a safetensors file. */
export function listMarks({ content, metadata }: Pick<TensorSource, 'content' | 'metadata'>): string[] {
  if (content instanceof Map) return [...content.keys()].map(String);
  return 'stem' in metadata && 'width' in metadata ? ['mocolab'] : Object.keys(metadata);
}

function findQueue({ tensors }: TensorSource): FileDescription['queue'] {
  const queue = [...tensors].find(
    ([name, { shape }]) => /(^|\.)queue$/.test(name) && shape.length === 2,
  )?.[1];
  return queue ? { dim: queue.shape[0]!, size: queue.shape[1]! } : null;
}

/** Under `epoch`, or where MMSelfSup and safetensors keep such things. */
function findEpoch({ content, metadata }: TensorSource): number | null {
  const meta = content instanceof Map ? content.get('meta') : undefined;
  const places = [content, meta].map((dict) => (dict instanceof Map ? dict.get('epoch') : undefined));
  const epoch = places.find((value) => typeof value === 'bigint') ?? metadata.epoch;
  return epoch === undefined ? null : Number(epoch);
}

function summarise(name: string, tensor: StoredTensor): TensorSummary {
  const { dtype, shape } = tensor;
  return { name, shape, dtype, ...computeStatistics(readStored(tensor).values) };
}

/** In float64, in two passes, so that a large mean does not eat the deviation. */
function computeStatistics(
  values: Float32Array | BigInt64Array,
): Pick<TensorSummary, 'mean' | 'std' | 'nan'> {
  let count = 0;
  let sum = 0;
  for (const each of values) {
    const value = Number(each);
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  const nan = values.length - count;
  if (count === 0) return { mean: null, std: null, nan };
  const mean = sum / count;
  let squared = 0;
  for (const each of values) {
    const value = Number(each);
    if (!Number.isNaN(value)) squared += (value - mean) ** 2;
  }
  return { mean, std: Math.sqrt(squared / count), nan };
}
