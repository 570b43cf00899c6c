// What numpy leaves in checkpoints: scalars (best_acc1 is often one) and, in Detectron2's files, arrays.
// Little-endian formats that PyTorch has too; others end with their name.

import { type DtypeName, dtypes, getDtype } from '../dtypes.ts';
import { type Buildable, PyBytes, PyGlobal, PyTuple } from '../pickle/python-values.ts';
import { countElements, type StoredTensor } from '../stored-tensor.ts';

/** numpy.dtype, as far as it is a format of ours. Its state repeats the byte order. */
class NumpyDtype implements Buildable {
  readonly dtype: DtypeName;
  constructor(dtype: DtypeName) {
    this.dtype = dtype;
  }

  setState(state: unknown): boolean {
    return state instanceof PyTuple && state.items[1] !== '>';
  }
}

/** numpy.ndarray in C order. */
class NumpyArray implements Buildable, StoredTensor {
  #dtype: DtypeName = 'uint8';
  #shape: readonly number[] = [0];
  #read: () => Uint8Array<ArrayBuffer> = () => new Uint8Array();

  get dtype(): DtypeName {
    return this.#dtype;
  }

  get shape(): readonly number[] {
    return this.#shape;
  }

  read(): Uint8Array<ArrayBuffer> {
    return this.#read();
  }

  /** (version, shape, dtype, is Fortran order, bytes) */
  setState(state: unknown): boolean {
    if (!(state instanceof PyTuple)) return false;
    const [, shape, dtype, isFortran, data] = state.items;
    const bytes = toBytes(data);
    if (!(shape instanceof PyTuple) || !(dtype instanceof NumpyDtype) || isFortran !== false || !bytes)
      return false;
    const sizes = shape.items.map(Number);
    if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) return false;
    if (countElements(sizes) * getDtype(dtype.dtype).bytes !== bytes.length) return false;
    this.#dtype = dtype.dtype;
    this.#shape = sizes;
    this.#read = bytes.read;
    return true;
  }
}

/** Bytes, or Python 2's: text of Latin-1. */
function toBytes(value: unknown): PyBytes | undefined {
  if (value instanceof PyBytes) return value;
  if (typeof value !== 'string' || !isLatin1(value)) return undefined;
  return new PyBytes(value.length, () => Uint8Array.from(Buffer.from(value, 'latin1')));
}

function isLatin1(text: string): boolean {
  return !/[^\0-\xff]/.test(text);
}

function makeDtype([code]: readonly unknown[]): NumpyDtype | undefined {
  const found = dtypes.find(({ numpy }) => numpy !== undefined && numpy === code);
  return found && new NumpyDtype(found.name);
}

/** numpy.core.multiarray.scalar(dtype, bytes): becomes Python's int, float or bool. */
function makeScalar([dtype, data]: readonly unknown[]): bigint | number | boolean | undefined {
  const bytes = toBytes(data);
  if (!(dtype instanceof NumpyDtype) || bytes?.length !== getDtype(dtype.dtype).bytes) return undefined;
  const read = bytes.read();
  if (dtype.dtype === 'float64') return new DataView(read.buffer).getFloat64(0, true);
  const value = getDtype(dtype.dtype).decode(read)[0]!;
  return dtype.dtype === 'bool' ? value === 1n : value;
}

/** _codecs.encode(text, 'latin1'): how protocol 2 writes bytes. */
function encode([text, encoding]: readonly unknown[]): PyBytes | undefined {
  return encoding === 'latin1' || encoding === 'latin-1' ? toBytes(text) : undefined;
}

/** numpy 2 calls `core` `_core`. */
export const numpyGlobals: readonly PyGlobal[] = [
  new PyGlobal('numpy.dtype', makeDtype),
  new PyGlobal('numpy.ndarray'),
  new PyGlobal('_codecs.encode', encode),
  ...['numpy.core', 'numpy._core'].flatMap((core) => [
    new PyGlobal(`${core}.multiarray.scalar`, makeScalar),
    new PyGlobal(`${core}.multiarray._reconstruct`, () => new NumpyArray()),
  ]),
];
