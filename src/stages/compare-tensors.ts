// Compares two sets of tensors bit for bit, for the two sanity checks. Bits, not values:
// -0 and 0 differ, and a NaN equals the same NaN.

import type { HostTensor, TensorMap } from '../core/host-tensor.ts';

/** How two sets of tensors differ; all empty means they are the same. */
export interface TensorDifference {
  /** In the first, not in the second. */
  readonly missing: readonly string[];
  /** In the second, not in the first. */
  readonly unexpected: readonly string[];
  readonly changed: readonly string[];
}

/** Compares names, shapes, types and bits. */
export function compareTensors(expected: TensorMap, actual: TensorMap): TensorDifference {
  const names = [...expected.keys()];
  return {
    missing: names.filter((name) => !actual.has(name)),
    unexpected: [...actual.keys()].filter((name) => !expected.has(name)),
    changed: names.filter(
      (name) => actual.has(name) && !haveSameBits(expected.get(name)!, actual.get(name)!),
    ),
  };
}

/** True when nothing is missing, unexpected or changed. */
export function isSame(difference: TensorDifference): boolean {
  return difference.missing.length + difference.unexpected.length + difference.changed.length === 0;
}

/** Names of the float tensors that hold a NaN or an infinity. */
export function findNonFinite(tensors: TensorMap): string[] {
  return [...tensors].flatMap(([name, tensor]) =>
    tensor.dtype === 'float32' && !tensor.values.every(Number.isFinite) ? [name] : [],
  );
}

function haveSameBits(a: HostTensor, b: HostTensor): boolean {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

function bytesOf(tensor: HostTensor): Buffer {
  const { buffer, byteOffset, byteLength } = tensor.values;
  return Buffer.from(buffer, byteOffset, byteLength);
}
