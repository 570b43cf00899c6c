import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../../engine.ts';
import type { TorchKernel } from '../kernel.ts';
import { multiplyMatrices } from '../product.ts';

const MAT_MUL = 'TorchMatMul';

export const linear: EngineOps['linear'] = (x, weight, bias) => {
  const product = multiply(x, weight) as tf.Tensor2D;
  return bias ? tf.add(product, bias) : product;
};

/** Product of two matrices, each transposed or not. */
export const matMul: TorchKernel = {
  kernelName: MAT_MUL,
  run: (call) => {
    const { handle, shape } = multiplyMatrices(call);
    return call.backend.adopt(handle, shape);
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
