import type { TensorInfo } from '@tensorflow/tfjs-core';
import { RELU_GRAD } from '../../gradients.ts';
import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** dy where y is positive; in dy's memory where that is spent. */
export const reluGrad: TorchKernel = {
  kernelName: RELU_GRAD,
  run: ({ inputs, attrs, backend }) => {
    const { dy, y } = inputs as { dy: TensorInfo; y: TensorInfo };
    expectTensor('y', y, dy.shape, [dy.dtype]);
    const isFree = (attrs.dyIsSpent as boolean) && backend.refCount(dy.dataId) === 1;
    return backend.adopt(
      backend.addon.ReluGrad(backend.handleOf(dy), backend.handleOf(y), isFree),
      dy.shape,
      dy.dtype,
    );
  },
};
