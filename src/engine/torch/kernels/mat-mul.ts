import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** Product of two matrices, each transposed or not. */
export const matMul: TorchKernel = {
  kernelName: 'MocolabMatMul',
  run: ({ inputs, attrs, backend }) => {
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    const [rows, inner] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
    const [other, columns] = transposeB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
    if (inner !== other) throw new Error(`the inner sizes ${inner} and ${other} differ`);
    const handle = backend.addon.MatMul(backend.handleOf(a), backend.handleOf(b), transposeA, transposeB);
    return backend.adopt(handle, [rows, columns]);
  },
};
