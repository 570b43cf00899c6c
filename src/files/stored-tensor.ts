// A tensor as a file holds it: its format and shape are known, its numbers are read when they are asked
// for. What converting and inspecting work on, so that no bit is lost to a wider format.

import type { HostTensor } from '../core/host-tensor.ts';
import { type DtypeName, decodeTensor, getDtype } from './dtypes.ts';

export interface StoredTensor {
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  /** Its numbers row by row, little-endian, in memory of their own. The file must still be open. */
  read(): Uint8Array<ArrayBuffer>;
}

/** Tensors by name, in the file's order. */
export type StoredTensors = ReadonlyMap<string, StoredTensor>;

/** How many numbers a shape has. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of a tensor's numbers. */
export function countBytes({ dtype, shape }: StoredTensor): number {
  return getDtype(dtype).bytes * countElements(shape);
}

/** Reads a tensor into memory, floats as float32 and whole numbers as int64. */
export function readStored(tensor: StoredTensor): HostTensor {
  return decodeTensor(tensor.dtype, tensor.shape, tensor.read());
}

/** A tensor in memory as one that a file could hold. */
export function toStored({ dtype, shape, values }: HostTensor): StoredTensor {
  return {
    dtype,
    shape,
    read: () => {
      // Typed arrays of the program never lie on shared memory.
      const buffer = values.buffer as ArrayBuffer;
      return new Uint8Array(buffer, values.byteOffset, values.byteLength);
    },
  };
}
