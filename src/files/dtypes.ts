// The number formats of tensors, by PyTorch's names, with their names in each kind of file, and how each
// becomes a host tensor: floats as float32 (float64 is rounded), whole numbers as int64.
// Bytes are little-endian, as in the files and on every machine that Node runs on but s390x.

import type { HostTensor } from '../core/host-tensor.ts';

/** A format, by PyTorch's name without `torch.`. */
export type DtypeName = keyof typeof DTYPES;

export interface Dtype {
  readonly name: DtypeName;
  /** Of one number. */
  readonly bytes: number;
  /** In safetensors. */
  readonly safetensors: string;
  /** Class of its storages in PyTorch's files, without `torch.`. */
  readonly storage: string;
  /** numpy's array protocol; undefined where numpy has no such format. */
  readonly numpy: string | undefined;
  /** The numbers in these bytes, which are kept, not copied, where they need no conversion. */
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => Float32Array | BigInt64Array;
}

const define = <Name extends string>(
  name: Name,
  bytes: number,
  names: { readonly safetensors: string; readonly storage: string; readonly numpy?: string },
  decode: Dtype['decode'],
) =>
  ({ [name]: { name, bytes, numpy: undefined, ...names, decode } }) as {
    readonly [Key in Name]: Omit<Dtype, 'name'> & { readonly name: Name };
  };

const wholeNumbers = (values: ArrayLike<number>) => BigInt64Array.from(values, BigInt);

const DTYPES = {
  ...define(
    'float32',
    4,
    { safetensors: 'F32', storage: 'FloatStorage', numpy: 'f4' },
    ({ buffer }) => new Float32Array(buffer),
  ),
  ...define(
    'int64',
    8,
    { safetensors: 'I64', storage: 'LongStorage', numpy: 'i8' },
    ({ buffer }) => new BigInt64Array(buffer),
  ),
  ...define('float64', 8, { safetensors: 'F64', storage: 'DoubleStorage', numpy: 'f8' }, ({ buffer }) =>
    Float32Array.from(new Float64Array(buffer)),
  ),
  ...define('bfloat16', 2, { safetensors: 'BF16', storage: 'BFloat16Storage' }, ({ buffer }) =>
    widenBfloat16(new Uint16Array(buffer)),
  ),
  ...define('float16', 2, { safetensors: 'F16', storage: 'HalfStorage', numpy: 'f2' }, ({ buffer }) =>
    Float32Array.from(new Uint16Array(buffer), fromFloat16),
  ),
  ...define('int32', 4, { safetensors: 'I32', storage: 'IntStorage', numpy: 'i4' }, ({ buffer }) =>
    wholeNumbers(new Int32Array(buffer)),
  ),
  ...define('int16', 2, { safetensors: 'I16', storage: 'ShortStorage', numpy: 'i2' }, ({ buffer }) =>
    wholeNumbers(new Int16Array(buffer)),
  ),
  ...define('int8', 1, { safetensors: 'I8', storage: 'CharStorage', numpy: 'i1' }, ({ buffer }) =>
    wholeNumbers(new Int8Array(buffer)),
  ),
  ...define('uint8', 1, { safetensors: 'U8', storage: 'ByteStorage', numpy: 'u1' }, wholeNumbers),
  ...define('bool', 1, { safetensors: 'BOOL', storage: 'BoolStorage', numpy: 'b1' }, wholeNumbers),
};

/** All formats. */
export const dtypes: readonly Dtype[] = Object.values(DTYPES);

/** A format by PyTorch's name. */
export function getDtype(name: DtypeName): Dtype {
  return DTYPES[name];
}

/** Makes a host tensor of its bytes, which are all of their buffer. */
export function decodeTensor(
  name: DtypeName,
  shape: readonly number[],
  bytes: Uint8Array<ArrayBuffer>,
): HostTensor {
  const values = DTYPES[name].decode(bytes);
  return values instanceof Float32Array
    ? { dtype: 'float32', shape, values }
    : { dtype: 'int64', shape, values };
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
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
