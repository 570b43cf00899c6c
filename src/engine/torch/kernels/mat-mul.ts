import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../../engine.ts';
import type { TorchKernel } from '../kernel.ts';

const MAT_MUL = 'TorchMatMul';

export const linear: EngineOps['linear'] = (x, weight, bias) => {
  const product = multiply(x, weight) as tf.Tensor2D;
  return bias ? tf.add(product, bias) : product;
};

/** Product of two matrices, each transposed or not. */
export const matMul: TorchKernel = {
  kernelName: MAT_MUL,
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

/** Of the product of `linear`, where nothing is transposed. Each only where it is asked for. */
export const matMulGradient: tf.GradConfig = {
  kernelName: MAT_MUL,
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, [a, b]) => ({
    a: () => multiply(dy as tf.Tensor, b!, { transposeB: true }),
    b: () => multiply(a!, dy as tf.Tensor, { transposeA: true }),
  }),
};

function multiply(
  a: tf.Tensor,
  b: tf.Tensor,
  transposed: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
): tf.Tensor {
  const attrs = { transposeA: false, transposeB: false, ...transposed };
  return tf.engine().runKernel(MAT_MUL, { a, b }, attrs) as tf.Tensor;
}
