// Cross-entropy and InfoNCE by TensorFlow's fused op, which gives the loss and its gradient at once.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import { releaseToScope } from '../ops/batch-norm.ts';
import { countLarger } from '../ops/info-nce.ts';
import { createAttributes, type NodeBackend } from './native.ts';
import { createMatMul } from './products.ts';

type Losses = Pick<EngineOps, 'softmaxCrossEntropy' | 'infoNce'>;

export function createLosses(backend: NodeBackend): Losses {
  const matMul = createMatMul(backend);
  const attributes = createAttributes(backend.binding);
  const types = [attributes.float32(), attributes.int32('Tlabels')];
  /** Mean loss of logits [N, M] against classes [N], and N times its gradient [N, M]. */
  const crossEntropy = (logits: tf.Tensor, labels: tf.Tensor) => {
    const [losses, gradient] = backend.executeMultipleOutputs(
      'SparseSoftmaxCrossEntropyWithLogits',
      types,
      [logits, labels],
      2,
    ) as [tf.Tensor, tf.Tensor2D];
    return { loss: tf.mean(losses) as tf.Scalar, gradient };
  };
  /** [N, N] -> [N, 1] */
  const takeDiagonal = (square: tf.Tensor): tf.Tensor2D => {
    const [diagonal] = backend.executeMultipleOutputs('MatrixDiagPart', [attributes.float32()], [square], 1);
    return tf.reshape(diagonal!, [square.shape[0]!, 1]);
  };
  return {
    softmaxCrossEntropy: (logits, labels) => {
      const [n] = logits.shape;
      const op = tf.customGrad((...args) => {
        const save = args.pop() as unknown as tf.GradSaveFunc;
        const { loss, gradient } = crossEntropy(args[0] as tf.Tensor, labels);
        save([gradient]);
        return { value: loss, gradFunc: (dy, [saved]: tf.Tensor[]) => tf.mul(saved!, tf.div(dy, n)) };
      });
      return op(logits) as tf.Scalar;
    },
    infoNce: ({ q, k, queue, temperature }) => {
      const [n] = k.shape;
      const size = queue.shape[1];
      let rank: tf.Tensor1D | undefined;
      const op = tf.customGrad((...args) => {
        const save = args.pop() as unknown as tf.GradSaveFunc;
        // Keys stand in one product with the queue: elsewhere sums of the same factors may round otherwise.
        const all = tf.concat([tf.transpose(k), queue], 1); // [C, N+K]
        const products = matMul(args[0] as tf.Tensor, all); // [N, N+K]
        const positive = takeDiagonal(tf.slice(products, [0, 0], [n, n])); // [N, 1]
        const negatives = tf.slice(products, [0, n], [n, size]); // [N, K]
        const logits = tf.div(tf.concat([positive, negatives], 1), temperature) as tf.Tensor2D; // [N, 1+K]
        const labels = tf.zeros([n], 'int32'); // positives are in column 0
        const { loss, gradient } = crossEntropy(logits, labels);
        rank = tf.keep(countLarger(logits));
        save([gradient]);
        const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]) => {
          const scaled = tf.mul(saved!, tf.div(dy, n * temperature));
          const own = tf.slice(scaled, [0, 0], [n, 1]); // [N, 1]
          const others = matMul(tf.slice(scaled, [0, 1], [n, size]), queue, { b: true }); // [N, C]
          return tf.add(tf.mul(own, k), others);
        };
        return { value: loss, gradFunc };
      });
      const loss = op(q) as tf.Scalar;
      return { loss, ...releaseToScope({ rank: rank! }) };
    },
  };
}
