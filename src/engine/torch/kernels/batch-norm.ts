import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BATCH_NORM } from '../../ops/kernel-batch-norm.ts';
import type { TorchKernel } from '../kernel.ts';

/** Training-mode BatchNorm over [splits, M, C] (+ residual) (+ ReLU); see ops/batch-norm.ts. */
export const batchNorm: TorchKernel = {
  kernelName: BATCH_NORM,
  run: ({ inputs, attrs, backend }) => {
    const { x, scale, offset, residual } = inputs as {
      x: TensorInfo;
      scale: TensorInfo;
      offset: TensorInfo;
      residual?: TensorInfo;
    };
    const { epsilon, relu } = attrs as { epsilon: number; relu: boolean };
    const [splits, , channels] = x.shape as [number, number, number];
    const [first, second, third] = [x, scale, offset].map((tensor) => backend.handleOf(tensor)) as [
      number,
      number,
      number,
    ];
    const extra = residual ? [backend.handleOf(residual)] : [];
    const [y, mean, variance] = backend.addon.BatchNorm(first, second, third, epsilon, relu, ...extra);
    return [
      backend.adopt(y, x.shape),
      backend.adopt(mean, [splits, channels]),
      backend.adopt(variance, [splits, channels]),
    ];
  },
};
