// Makes a wrong call of a right one: shapes, ranks, types, values, attributes; or leaves it right.

import type { Rng } from '../../../src/core/rng.ts';
import type { ExampleCall, Operand } from './example-calls.ts';

/** A call as it will be made. */
export interface FuzzedCall {
  readonly inputs: { readonly [name: string]: FuzzedOperand };
  readonly attrs: { readonly [name: string]: unknown };
}

export interface FuzzedOperand extends Operand {
  /** Disposed before the call. */
  readonly disposed?: boolean;
  /** Values that no example has: NaN, infinities, the ends of int32. */
  readonly wild?: boolean;
}

const DTYPES = ['float32', 'int32', 'bool', 'complex64'] as const;
const SIZES = [0, 1, 1, 2, 3, 4, 5, 8];
/** Sizes that fit, or that no machine has: what lies between would fill this one. */
const NUMBERS = [-(2 ** 45), -3, -1, -0.5, 0, 0.5, 1, 2, 3, 5, 2 ** 45, Number.NaN, Number.POSITIVE_INFINITY];
const WORDS = ['', 'same', 'valid', 'NCHW', 'int32', 'string', 'relu', 'reflect', 'ii->i', 'nearest'];

const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.integer(list.length)]!;

export function mutateCall(example: ExampleCall, rng: Rng): FuzzedCall {
  const call = {
    inputs: { ...example.inputs } as { [name: string]: FuzzedOperand },
    attrs: structuredClone(example.attrs) as { [name: string]: unknown },
  };
  const [inputs, attrs] = [Object.keys(call.inputs), Object.keys(call.attrs)];
  const targets = [
    ...inputs.map((name) => ['inputs', name] as const),
    ...attrs.map((name) => ['attrs', name] as const),
  ];
  if (targets.length === 0) return call;
  for (let count = 1 + rng.integer(3); count > 0; count--) {
    const [kind, name] = pick(rng, targets);
    if (kind === 'attrs') call.attrs[name] = mutateValue(call.attrs[name], rng);
    else call.inputs[name] = keepSmall(mutateOperand(call.inputs[name] ?? example.inputs[name]!, rng));
  }
  if (inputs.length > 0 && rng.integer(20) === 0) delete call.inputs[pick(rng, inputs)];
  return call;
}

/** What a kernel makes of it should fit this machine. */
function keepSmall(operand: FuzzedOperand): FuzzedOperand {
  const size = operand.shape.reduce((product, side) => product * side, 1);
  return size <= 1000 ? operand : { ...operand, shape: operand.shape.slice(0, 2) };
}

function mutateOperand(operand: FuzzedOperand, rng: Rng): FuzzedOperand {
  const { shape } = operand;
  const at = rng.integer(shape.length + 1);
  switch (rng.integer(8)) {
    case 0:
      return { ...operand, dtype: pick(rng, DTYPES) };
    case 1:
      return { ...operand, disposed: true };
    case 2:
      return { ...operand, wild: true };
    case 3:
      return { ...operand, shape: shape.toSpliced(at, 1) };
    case 4:
      return { ...operand, shape: shape.toSpliced(at, 0, pick(rng, SIZES)) };
    case 5:
      return { ...operand, shape: Array.from({ length: rng.integer(7) }, () => pick(rng, SIZES)) };
    default:
      return { ...operand, shape: shape.map((size, i) => (i === at ? pick(rng, SIZES) : size)) };
  }
}

function mutateValue(value: unknown, rng: Rng): unknown {
  if (Array.isArray(value) && rng.integer(4) > 0) {
    const at = rng.integer(value.length + 1);
    if (rng.integer(3) === 0) return value.toSpliced(at, rng.integer(2), pick(rng, NUMBERS));
    return value.map((each, i) => (i === at ? mutateValue(each, rng) : each));
  }
  switch (rng.integer(6)) {
    case 0:
      return pick(rng, WORDS);
    case 1:
      return rng.integer(2) === 0;
    case 2:
      return [pick(rng, NUMBERS), pick(rng, NUMBERS)];
    default:
      return pick(rng, NUMBERS);
  }
}
