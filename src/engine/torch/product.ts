// What a product of matrices gives, and that its operands fit.

import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';

/** Flags and shape of the product of a [..., M, K] and b [..., K, N]. */
export function readProduct(
  a: TensorInfo,
  b: TensorInfo,
  attrs: { readonly [name: string]: unknown },
): { readonly transposeA: boolean; readonly transposeB: boolean; readonly shape: number[] } {
  const { transposeA = false, transposeB = false } = attrs as { transposeA?: boolean; transposeB?: boolean };
  if (a.shape.length < 2 || b.shape.length < 2) throw new Error('matrices have two axes or more');
  if (a.dtype !== b.dtype) throw new Error('the types differ');
  const [rows, inner] = lastTwo(a, transposeA);
  const [other, columns] = lastTwo(b, transposeB);
  if (inner !== other) throw new Error(`the inner sizes ${inner} and ${other} differ`);
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { transposeA, transposeB, shape: [...batch, rows, columns] };
}

function lastTwo({ shape }: TensorInfo, transposed: boolean): [number, number] {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [columns, rows] : [rows, columns];
}
