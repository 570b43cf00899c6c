// Products of matrices: that the operands fit, and what comes of them.

import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Handle } from './bindings/handle.ts';
import type { KernelCall } from './kernel.ts';

/** The call's a [..., M, K] @ b [..., K, N], each transposed where the call says so: a new tensor and its shape. */
export function multiplyMatrices({ inputs, attrs, backend }: KernelCall): {
  readonly handle: Handle;
  readonly shape: number[];
} {
  const [a, b] = [inputs.a!, inputs.b!];
  const { transposeA = false, transposeB = false } = attrs as { transposeA?: boolean; transposeB?: boolean };
  if (a.shape.length < 2 || b.shape.length < 2) throw new Error('matrices have two axes or more');
  if (a.dtype !== b.dtype) throw new Error('the types differ');
  const [rows, inner] = lastTwo(a, transposeA);
  const [other, columns] = lastTwo(b, transposeB);
  if (inner !== other) throw new Error(`the inner sizes ${inner} and ${other} differ`);
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [left, right] = [backend.handleOf(a), backend.handleOf(b)];
  const handle = backend.addon.BatchMatMul(left, right, transposeA, transposeB);
  return { handle, shape: [...batch, rows, columns] };
}

function lastTwo({ shape }: TensorInfo, transposed: boolean): [number, number] {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [columns, rows] : [rows, columns];
}
