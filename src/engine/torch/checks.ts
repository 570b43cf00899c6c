// What a call must be before the addon gets it: types, shapes, whole numbers. The addon only computes, some of it
// in loops over raw memory, so nothing that fails here may reach it.

import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';

/** Throws, with words that follow the call's name, unless a value is what it says. */
export type Check = (name: string, value: unknown) => void;

export const REAL = ['float32', 'int32', 'bool'] as const;
export const NUMBERS = ['float32', 'int32'] as const;
export const ANY = [...REAL, 'complex64'] as const;

/** A tensor of one of these types, and where any are given, with so many axes. */
export function tensor(dtypes: readonly string[], ...ranks: readonly number[]): Check {
  return (name, value) => {
    if (!value) throw new Error(`${name} is not given`);
    const given = value as TensorInfo;
    expectTensor(name, given, undefined, dtypes);
    if (ranks.length > 0) expectRank(name, given, ...ranks);
  };
}

/** A tensor with at least one axis. */
export function tensorWithAxes(dtypes: readonly string[]): Check {
  return (name, value) => {
    tensor(dtypes)(name, value);
    if ((value as TensorInfo).shape.length === 0) throw new Error(`${name} has no axes`);
  };
}

export function optional(check: Check): Check {
  return (name, value) => {
    if (value !== undefined && value !== null) check(name, value);
  };
}

/** A whole number from `least` on that a 32-bit integer holds. */
export function whole(least: number): Check {
  return (name, value) => expectWhole(name, value, least);
}

/** A number, which may be infinite or NaN. */
export const number: Check = (name, value) => {
  if (typeof value !== 'number') throw new Error(`${name} is a number, not ${show(value)}`);
};

export const flag: Check = (name, value) => {
  if (typeof value !== 'boolean') throw new Error(`${name} is true or false, not ${show(value)}`);
};

export function word(...words: readonly string[]): Check {
  return (name, value) => {
    if (!words.includes(value as string))
      throw new Error(`${name} is one of ${words.join(', ')}, not ${show(value)}`);
  };
}

/** A list of so many items, any number where none is given. */
export function list(check: Check, length?: number): Check {
  return (name, value) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length))
      throw new Error(`${name} is a list${length === undefined ? '' : ` of ${length}`}, not ${show(value)}`);
    for (const each of value) check(`each of ${name}`, each);
  };
}

/** One or the other. */
export function either(one: Check, list: Check): Check {
  return (name, value) => (Array.isArray(value) ? list : one)(name, value);
}

/** Throws unless `tensor` has one of these types and, if given, this shape. */
export function expectTensor(
  name: string,
  tensor: TensorInfo,
  shape: readonly number[] = tensor.shape,
  dtypes: readonly string[] = ['float32'],
): void {
  if (!dtypes.includes(tensor.dtype))
    throw new Error(`${name} is ${dtypes.join(' or ')}, not ${tensor.dtype}`);
  if (shape.length !== tensor.shape.length || shape.some((size, i) => size !== tensor.shape[i]))
    throw new Error(`${name} should be [${shape}], not [${tensor.shape}]`);
}

/** Throws unless `tensor` has so many axes. */
export function expectRank(name: string, { shape }: TensorInfo, ...ranks: readonly number[]): void {
  if (ranks.includes(shape.length)) return;
  throw new Error(`${name} has ${ranks.join(' or ')} axes, not ${shape.length} [${shape}]`);
}

/** Throws unless it is a whole number from `least` to `most`. */
export function expectWhole(name: string, value: unknown, least: number, most = 2 ** 31 - 1): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new Error(`${name} is a whole number from ${least} to ${most}, not ${show(value)}`);
}

/** Throws unless all have the type of the first. */
export function expectOneType(tensors: readonly TensorInfo[]): void {
  const [first] = tensors;
  for (const { dtype } of tensors)
    if (dtype !== first!.dtype) throw new Error(`the types ${first!.dtype} and ${dtype} differ`);
}

/** Throws unless a tensor of shape `from` broadcasts to `to` and does not widen it. */
export function expectBroadcast(from: readonly number[], to: readonly number[]): void {
  const shape = broadcast_util.assertAndGetBroadcastShape([...from], [...to]);
  if (shape.join() !== to.join()) throw new Error(`[${from}] does not broadcast to [${to}]`);
}

/** Throws where an axis is named twice. */
export function expectDifferent(axes: readonly number[]): void {
  if (new Set(axes).size !== axes.length) throw new Error(`an axis is there twice in [${axes}]`);
}

function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'given');
}
