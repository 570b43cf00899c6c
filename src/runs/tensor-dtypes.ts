// The number formats that tensor files hold, and how each becomes a host tensor. Ours are written
// as F32 and I64; the other float formats of foreign files are widened (or, F64, rounded) to float32.
// Bytes are little-endian, as in the files and on every machine that Node runs on but s390x.

import type { HostTensor } from '../core/host-tensor.ts';

/** Reads a tensor's bytes, whose length is that of its shape and format. The buffer is kept, not copied. */
type Decode = (bytes: ArrayBuffer, shape: readonly number[]) => HostTensor;

interface Dtype {
  readonly bytes: number;
  readonly decode: Decode;
}

const DTYPES: { readonly [name: string]: Dtype } = {
  F32: {
    bytes: 4,
    decode: (bytes, shape) => ({ dtype: 'float32', shape, values: new Float32Array(bytes) }),
  },
  I64: {
    bytes: 8,
    decode: (bytes, shape) => ({ dtype: 'int64', shape, values: new BigInt64Array(bytes) }),
  },
  F64: { bytes: 8, decode: (bytes, shape) => toFloat32(new Float64Array(bytes), shape) },
  BF16: { bytes: 2, decode: (bytes, shape) => widen(new Uint16Array(bytes), shape, fromBfloat16) },
  F16: { bytes: 2, decode: (bytes, shape) => widen(new Uint16Array(bytes), shape, fromFloat16) },
};

/** Formats that can be read, by their names in a file. */
export const DTYPE_NAMES = Object.keys(DTYPES);

/** Finds a format by its name in a file. */
export function findDtype(name: string): Dtype | undefined {
  return Object.hasOwn(DTYPES, name) ? DTYPES[name] : undefined;
}

/** The name in a file of a host tensor's format. */
export function nameDtype({ dtype }: HostTensor): 'F32' | 'I64' {
  return dtype === 'float32' ? 'F32' : 'I64';
}

function toFloat32(values: Float64Array, shape: readonly number[]): HostTensor {
  return { dtype: 'float32', shape, values: Float32Array.from(values) };
}

function widen(bits: Uint16Array, shape: readonly number[], convert: (bits: number) => number): HostTensor {
  return { dtype: 'float32', shape, values: Float32Array.from(bits, convert) };
}

const scratch = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** IEEE 754 half: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
