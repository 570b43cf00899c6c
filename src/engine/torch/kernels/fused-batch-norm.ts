import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dtypeNumber } from '../binding.ts';
import { expectBroadcast } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Stock tf.batchNorm: statistics are given. */
export const fusedBatchNorm: TorchKernel = {
  kernelName: 'FusedBatchNorm',
  run: ({ inputs, attrs, backend }) => {
    const { x, mean, variance, offset, scale } = inputs as Record<'x' | 'mean' | 'variance', TensorInfo> &
      Partial<Record<'offset' | 'scale', TensorInfo>>;
    const { varianceEpsilon = 0.001 } = attrs as { varianceEpsilon?: number };
    for (const tensor of [mean, variance, offset, scale]) if (tensor) expectBroadcast(tensor.shape, x.shape);
    const { addon } = backend;
    const constants = [0, 1].map((value) => addon.Fill([], value, dtypeNumber('float32')));
    try {
      const [zero, one] = constants as [number, number];
      const handle = addon.FusedBatchNorm(
        backend.handleOf(x),
        backend.handleOf(mean),
        backend.handleOf(variance),
        offset ? backend.handleOf(offset) : zero,
        scale ? backend.handleOf(scale) : one,
        varianceEpsilon,
      );
      return backend.adopt(handle, x.shape);
    } finally {
      for (const constant of constants) addon.drop(constant);
    }
  },
};
