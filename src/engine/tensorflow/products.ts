// Matrix products by TensorFlow's MatMul, whose gradients are MatMuls too.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import { createAttributes, type NodeBackend } from './native.ts';

export interface Transposed {
  readonly a?: boolean;
  readonly b?: boolean;
}

/** `a b`, either transposed first. No gradient. [I, J], [J, K] -> [I, K] */
export type MatMul = (a: tf.Tensor, b: tf.Tensor, transposed?: Transposed) => tf.Tensor2D;

export function createMatMul(backend: NodeBackend): MatMul {
  const attributes = createAttributes(backend.binding);
  return (a, b, transposed = {}) => {
    const described = [
      attributes.float32(),
      attributes.bool('transpose_a', transposed.a ?? false),
      attributes.bool('transpose_b', transposed.b ?? false),
    ];
    return backend.executeMultipleOutputs('MatMul', described, [a, b], 1)[0] as tf.Tensor2D;
  };
}

export function createLinear(matMul: MatMul): EngineOps['linear'] {
  return (x, weight, bias) => {
    const op = tf.customGrad((...args) => {
      const save = args.pop() as unknown as tf.GradSaveFunc;
      const [input, matrix, offset] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D | undefined];
      const product = matMul(input, matrix);
      save([input, matrix]);
      const gradFunc = (dy: tf.Tensor, [savedX, savedWeight]: tf.Tensor[]) => {
        const own = [matMul(dy, savedWeight!, { b: true }), matMul(savedX!, dy, { a: true })];
        return offset ? [...own, tf.sum(dy, 0)] : own;
      };
      return { value: offset ? tf.add(product, offset) : product, gradFunc };
    });
    return op(...(bias ? [x, weight, bias] : [x, weight])) as tf.Tensor2D;
  };
}
