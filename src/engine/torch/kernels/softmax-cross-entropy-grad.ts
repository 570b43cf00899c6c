import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** dy [], softmax [N, M], labels [N] -> [N, M] */
export const softmaxCrossEntropyGrad: TorchKernel = {
  kernelName: 'MocolabSoftmaxCrossEntropyGrad',
  run: ({ inputs, backend }) => {
    const { dy, softmax, labels } = inputs as { dy: TensorInfo; softmax: TensorInfo; labels: TensorInfo };
    const handle = backend.addon.SoftmaxCrossEntropyGrad(
      backend.handleOf(dy),
      backend.handleOf(softmax),
      backend.handleOf(labels),
    );
    return backend.adopt(handle, softmax.shape);
  },
};
