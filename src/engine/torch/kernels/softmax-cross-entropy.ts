import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../../engine.ts';
import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

const SOFTMAX_CROSS_ENTROPY = 'TorchSoftmaxCrossEntropy';

export const softmaxCrossEntropy: EngineOps['softmaxCrossEntropy'] = (logits, labels) => {
  const outputs = tf.engine().runKernel(SOFTMAX_CROSS_ENTROPY, { logits, labels });
  return (outputs as unknown as [tf.Scalar])[0];
};

/** Inputs logits [N, M], labels [N]; outputs the mean loss and its gradient by the logits. */
export const softmaxCrossEntropyKernel: TorchKernel = {
  kernelName: SOFTMAX_CROSS_ENTROPY,
  run: ({ inputs, backend }) => {
    const { logits, labels } = inputs as { logits: TensorInfo; labels: TensorInfo };
    expectWhole('the number of classes', logits.shape[1], 1);
    if (labels.shape[0] !== logits.shape[0]) throw new Error('there is not one label a row');
    const [loss, gradient] = backend.addon.SoftmaxCrossEntropy(
      backend.handleOf(logits),
      backend.handleOf(labels),
    );
    return [backend.adopt(loss, []), backend.adopt(gradient, logits.shape)];
  },
};

export const softmaxCrossEntropyGradient: tf.GradConfig = {
  kernelName: SOFTMAX_CROSS_ENTROPY,
  outputsToSave: [false, true],
  gradFunc: (dys, [gradient]) => ({ logits: () => tf.mul(gradient!, (dys as Tensor[])[0]!) }),
};
