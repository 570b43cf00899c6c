// A checkpoint without its tensors, as JSON: what a safetensors file remembers of the values around them,
// so that it can become the same checkpoint again. Tensors stand in it by name.

import { ProblemError } from '../../core/problem.ts';
import { nameType, PyBytes, PyGlobal, PyOrderedDict, PyTuple } from '../pickle/python-values.ts';
import { isStoredTensor } from '../state-dict.ts';
import type { StoredTensors } from '../stored-tensor.ts';
import { torchGlobals } from '../torch/torch-globals.ts';
import { TorchDevice, TorchSize } from '../torch/torch-values.ts';

/** Key of the metadata of a safetensors file. */
export const SKELETON_KEY = 'mocolab.content';
/** Deeper than any checkpoint that somebody trained. */
const MAX_DEPTH = 100;
/** Values in all: what is shared is written as often as it appears. */
const MAX_VALUES = 1_000_000;

/** One entry, of which the key says what its value is. */
type Node = null | boolean | string | readonly Node[] | { readonly [kind: string]: unknown };

/** @param names of the tensors in `content`. Throws CONVERT_UNWRITABLE. */
export function renderSkeleton(content: unknown, names: ReadonlyMap<unknown, string>): string {
  let values = 0;
  const encode = (value: unknown, depth: number): Node => {
    if (depth > MAX_DEPTH || ++values > MAX_VALUES)
      throw unwritable('its values are nested too deep, or too many');
    const all = (items: Iterable<unknown>) => Array.from(items, (item) => encode(item, depth + 1));
    const name = names.get(value);
    if (name !== undefined) return { tensor: name };
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'bigint') return { int: String(value) };
    if (typeof value === 'number') return { float: String(Object.is(value, -0) ? '-0' : value) };
    if (Array.isArray(value)) return all(value);
    if (value instanceof PyOrderedDict) {
      const items = [...value].map((pair) => all(pair));
      return value.attributes
        ? { ordered: items, attributes: encode(value.attributes, depth + 1) }
        : { ordered: items };
    }
    if (value instanceof Map) return { dict: [...value].map((pair) => all(pair)) };
    if (value instanceof TorchSize) return { size: all(value.items) };
    if (value instanceof PyTuple) return { tuple: all(value.items) };
    if (value instanceof TorchDevice) return { device: value.name };
    if (value instanceof PyGlobal) return { global: value.name };
    if (value instanceof PyBytes) return { bytes: Buffer.from(value.read()).toString('base64') };
    throw unwritable(`it holds a ${nameType(value)}`);
  };
  return JSON.stringify(encode(content, 0));
}

function unwritable(fact: string): ProblemError {
  return new ProblemError({
    code: 'CONVERT_UNWRITABLE',
    message: `Expected a checkpoint of plain values and tensors but ${fact}.`,
    hint: 'Convert the encoder alone, with --encoder.',
  });
}

/** The checkpoint of a skeleton, with its tensors. Undefined for a text that is no skeleton of them. */
export function parseSkeleton(text: string, tensors: StoredTensors): unknown {
  try {
    return decode(JSON.parse(text) as Node, tensors);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NoSkeleton) return undefined;
    throw error;
  }
}

class NoSkeleton extends Error {}

function decode(node: Node, tensors: StoredTensors, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new NoSkeleton();
  const all = (items: unknown) => {
    if (!Array.isArray(items)) throw new NoSkeleton();
    return items.map((item) => decode(item as Node, tensors, depth + 1));
  };
  if (node === null || typeof node === 'boolean' || typeof node === 'string') return node;
  if (typeof node !== 'object') throw new NoSkeleton();
  if (Array.isArray(node)) return all(node);
  const [entry] = Object.entries(node);
  if (!entry) throw new NoSkeleton();
  const [kind, value] = entry;
  switch (kind) {
    case 'tensor':
      return isStoredTensor(tensors.get(String(value))) ? tensors.get(String(value)) : fail();
    case 'int':
      return /^-?\d{1,150}$/.test(String(value)) ? BigInt(String(value)) : fail();
    case 'float':
      return Number(value);
    case 'dict':
      return new Map(toPairs(all(value)));
    case 'ordered': {
      const dict = new PyOrderedDict(toPairs(all(value)));
      const { attributes } = node as { readonly attributes?: Node };
      if (attributes !== undefined) dict.setState(decode(attributes, tensors, depth + 1));
      return dict;
    }
    case 'size':
      return new TorchSize(all(value));
    case 'tuple':
      return new PyTuple(all(value));
    case 'device':
      return new TorchDevice(String(value));
    case 'global':
      return torchGlobals.get(String(value)) ?? fail();
    case 'bytes': {
      const bytes = Uint8Array.from(Buffer.from(String(value), 'base64'));
      return new PyBytes(bytes.length, () => bytes);
    }
    default:
      return fail();
  }
}

function toPairs(items: readonly unknown[]): [unknown, unknown][] {
  return items.map((item) => (Array.isArray(item) && item.length === 2 ? [item[0], item[1]] : fail()));
}

function fail(): never {
  throw new NoSkeleton();
}
