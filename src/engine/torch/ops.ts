// The engine operations that the addon has fused.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';
import type { TorchBackend } from './backend.ts';
import type { Handle } from './binding.ts';

type FusedOps = Pick<EngineOps, 'linear' | 'softmaxCrossEntropy' | 'sgdStep' | 'momentumUpdate'>;

export function createFusedOps(backend: TorchBackend): FusedOps {
  const { addon } = backend;
  const handles = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => backend.handleOf(tensor));
  const assign = (variable: tf.Variable, handle: Handle) => {
    const info = backend.adopt(handle, variable.shape);
    const updated = tf.engine().makeTensorFromTensorInfo(info);
    variable.assign(updated);
    updated.dispose();
  };
  return {
    linear: (x, weight, bias) => {
      const product = multiply(x, weight);
      return bias ? tf.add(product, bias) : product;
    },
    softmaxCrossEntropy,
    sgdStep: (parameters, gradients, velocities, { lr, momentum, weightDecay }) => {
      const [p, g, v] = [handles(parameters), handles(gradients), handles(velocities)] as const;
      const updated = addon.SgdStep(p, g, v, lr, momentum, weightDecay);
      parameters.forEach((parameter, i) => {
        assign(parameter, updated[i]!);
        assign(velocities[i]!, updated[parameters.length + i]!);
      });
    },
    momentumUpdate: (keys, queries, keyMomentum) => {
      const updated = addon.MomentumUpdate(handles(keys), handles(queries), keyMomentum);
      keys.forEach((key, i) => {
        assign(key, updated[i]!);
      });
    },
  };
}

/** [N, I] @ [I, O], differentiable in both. */
function multiply(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const [x, w] = args as [tf.Tensor2D, tf.Tensor2D];
    save([x, w]);
    const gradFunc = (dy: tf.Tensor, [savedX, savedW]: tf.Tensor[]) => [
      matMul(dy, savedW!, { transposeB: true }),
      matMul(savedX!, dy, { transposeA: true }),
    ];
    return { value: matMul(x, w, {}), gradFunc };
  });
  return op(a, b) as tf.Tensor2D;
}

function matMul(
  a: tf.Tensor,
  b: tf.Tensor,
  {
    transposeA = false,
    transposeB = false,
  }: { readonly transposeA?: boolean; readonly transposeB?: boolean },
): tf.Tensor {
  return tf.engine().runKernel('MocolabMatMul', { a, b }, { transposeA, transposeB }) as tf.Tensor;
}

const softmaxCrossEntropy: EngineOps['softmaxCrossEntropy'] = (logits, labels) => {
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const inputs = { logits: args[0] as tf.Tensor, labels };
    const [value, softmax] = tf
      .engine()
      .runKernel('MocolabSoftmaxCrossEntropy', inputs) as unknown as tf.Tensor[];
    save([softmax!, labels]);
    const gradFunc = (dy: tf.Tensor, [probabilities, target]: tf.Tensor[]) => {
      const saved = { dy, softmax: probabilities!, labels: target! };
      return tf.engine().runKernel('MocolabSoftmaxCrossEntropyGrad', saved) as tf.Tensor;
    };
    return { value: value!, gradFunc };
  });
  return op(logits) as tf.Scalar;
};
