// Writes a pickle of plain values: the inverse of unpickle.ts, without recursion, so that nothing is too
// deep. What appears twice is written once. Protocol 2, which every reader knows, plus protocol 4's
// bytes where the caller asks for protocol 4.

import { ProblemError } from '../../core/problem.ts';
import { nameType, PyBytes, PyGlobal, PyOrderedDict, PyTuple } from './python-values.ts';

/** A piece of a pickle: bytes, bytes that are read when their turn comes, or a value to be written. */
export type PicklePart =
  | Uint8Array
  | (() => Uint8Array)
  | { readonly value: unknown }
  | { readonly keep: unknown };

export interface PickleStyle {
  readonly protocol: 2 | 4;
  /** How to write what is no plain value; undefined for what it doesn't know either. */
  readonly reduce?: (value: unknown) => readonly PicklePart[] | undefined;
}

const op = (...codes: number[]) => Uint8Array.from(codes);
const STOP = op(0x2e);
const NONE = op(0x4e);
const MARK = op(0x28);
const TUPLE = op(0x74);
const REDUCE = op(0x52);
const BUILD = op(0x62);
const SETITEMS = op(0x75);
const APPENDS = op(0x65);
const EMPTY_DICT = op(0x7d);
const EMPTY_LIST = op(0x5d);

/** The bytes of a pickle, front to back. Throws PICKLE_UNWRITABLE. */
export function* renderPickle(value: unknown, style: PickleStyle): Generator<Uint8Array, void, undefined> {
  const memo = new Map<unknown, number>();
  const work: PicklePart[] = [{ value }];
  yield op(0x80, style.protocol);
  for (let part = work.pop(); part !== undefined; part = work.pop()) {
    if (part instanceof Uint8Array) yield part;
    else if (typeof part === 'function') yield part();
    else if ('keep' in part) yield keep(memo, part.keep);
    else if (memo.has(part.value)) yield recall(memo.get(part.value)!);
    else for (const piece of describe(part.value, style).toReversed()) work.push(piece);
  }
  yield STOP;
}

function keep(memo: Map<unknown, number>, value: unknown): Uint8Array {
  const number = memo.size;
  memo.set(value, number);
  return number < 256 ? op(0x71, number) : withUint32(0x72, number);
}

function recall(number: number): Uint8Array {
  return number < 256 ? op(0x68, number) : withUint32(0x6a, number);
}

function describe(value: unknown, style: PickleStyle): readonly PicklePart[] {
  if (value === null) return [NONE];
  switch (typeof value) {
    case 'boolean':
      return [op(value ? 0x88 : 0x89)];
    case 'bigint':
      return [renderInteger(value)];
    case 'number':
      return [renderFloat(value)];
    case 'string':
      return [renderText(value), { keep: value }];
  }
  if (value instanceof PyOrderedDict) return describeOrderedDict(value);
  if (value instanceof Map) return [EMPTY_DICT, { keep: value }, ...describeItems(value)];
  if (Array.isArray(value))
    return [EMPTY_LIST, { keep: value }, MARK, ...value.map((item) => ({ value: item })), APPENDS];
  if (value instanceof PyBytes) return describeBytes(value, style);
  if (value instanceof PyGlobal) return [renderGlobal(value.name), { keep: value }];
  const reduced = style.reduce?.(value);
  if (reduced) return [...reduced, { keep: value }];
  // The classes that are tuples with a name of their own have been reduced.
  if (value instanceof PyTuple) return [...describeTuple(value.items), { keep: value }];
  throw new ProblemError({
    code: 'PICKLE_UNWRITABLE',
    message: `Expected only tensors and plain values to write but found a ${nameType(value)}.`,
    hint: 'Convert the encoder alone, or save without it in Python.',
  });
}

function describeOrderedDict(dict: PyOrderedDict): PicklePart[] {
  const attributes: PicklePart[] = dict.attributes ? [{ value: dict.attributes }, BUILD] : [];
  return [
    ...describeCall('collections.OrderedDict', []),
    { keep: dict },
    ...describeItems(dict),
    ...attributes,
  ];
}

function describeItems(dict: ReadonlyMap<unknown, unknown>): PicklePart[] {
  return [MARK, ...[...dict].flatMap(([key, value]) => [{ value: key }, { value }]), SETITEMS];
}

function describeBytes(bytes: PyBytes, { protocol }: PickleStyle): readonly PicklePart[] {
  if (protocol === 4) return [withUint64(0x8e, bytes.length), () => bytes.read()];
  const latin1 = Buffer.from(bytes.read()).toString('latin1');
  return describeCall('_codecs.encode', [{ value: latin1 }, { value: 'latin1' }]);
}

/** A tuple of values. */
export function describeTuple(items: readonly unknown[]): PicklePart[] {
  return [MARK, ...items.map((value) => ({ value })), TUPLE];
}

/** A call of a function by `module.name`. */
export function describeCall(name: string, args: readonly PicklePart[]): PicklePart[] {
  return [renderGlobal(name), MARK, ...args, TUPLE, REDUCE];
}

/** A global by `module.name`. */
export function renderGlobal(name: string): Uint8Array {
  const dot = name.lastIndexOf('.');
  return Buffer.from(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`);
}

function renderInteger(value: bigint): Uint8Array {
  if (value >= 0n && value < 256n) return op(0x4b, Number(value));
  if (BigInt.asIntN(32, value) === value) {
    const bytes = Buffer.alloc(5, 0x4a);
    bytes.writeInt32LE(Number(value), 1);
    return bytes;
  }
  let length = 5;
  while (BigInt.asIntN(8 * length, value) !== value) length++;
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, '0');
  return Buffer.concat([op(0x8a, length), Buffer.from(hex, 'hex').reverse()]);
}

function renderFloat(value: number): Uint8Array {
  const bytes = Buffer.alloc(9, 0x47);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function renderText(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([withUint32(0x58, bytes.length), bytes]);
}

function withUint32(code: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(5, code);
  bytes.writeUInt32LE(value, 1);
  return bytes;
}

function withUint64(code: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(9, code);
  bytes.writeBigUInt64LE(BigInt(value), 1);
  return bytes;
}
