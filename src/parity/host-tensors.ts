// Measures of tensors in host memory that reference cases compare.

import type { HostTensor } from '../core/host-tensor.ts';

/** Euclidean norm. */
export function normOf({ values }: HostTensor): number {
  let squared = 0;
  for (const value of values) squared += Number(value) ** 2;
  return Math.sqrt(squared);
}

/** Root mean square: the size of a typical value. */
export function typicalValue(tensor: HostTensor): number {
  return normOf(tensor) / Math.sqrt(Math.max(1, tensor.values.length));
}

/** A float32 tensor. */
export function float32(shape: readonly number[], values: Float32Array): HostTensor {
  return { dtype: 'float32', shape, values };
}
