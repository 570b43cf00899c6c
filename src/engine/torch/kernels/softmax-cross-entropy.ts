import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** logits [N, M], labels [N] -> mean loss, softmax [N, M] */
export const softmaxCrossEntropy: TorchKernel = {
  kernelName: 'MocolabSoftmaxCrossEntropy',
  run: ({ inputs, backend }) => {
    const { logits, labels } = inputs as { logits: TensorInfo; labels: TensorInfo };
    const [loss, softmax] = backend.addon.SoftmaxCrossEntropy(
      backend.handleOf(logits),
      backend.handleOf(labels),
    );
    return [backend.adopt(loss, []), backend.adopt(softmax, logits.shape)];
  },
};
