import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BATCH_NORM_GRAD } from '../../ops/kernel-batch-norm.ts';
import type { TorchKernel } from '../kernel.ts';

/** dx, dScale, dOffset, and dy where ReLU let it through; see ops/batch-norm.ts. */
export const batchNormGrad: TorchKernel = {
  kernelName: BATCH_NORM_GRAD,
  run: ({ inputs, attrs, backend }) => {
    const { epsilon, relu } = attrs as { epsilon: number; relu: boolean };
    const of = (name: string) => backend.handleOf(inputs[name] as TensorInfo);
    const [dx, dScale, dOffset, gated] = backend.addon.BatchNormGrad(
      of('dy'),
      of('x'),
      of('y'),
      of('scale'),
      of('mean'),
      of('variance'),
      epsilon,
      relu,
    );
    const { shape } = inputs.x as TensorInfo;
    const channels = [shape[2]!];
    return [
      backend.adopt(dx, shape),
      backend.adopt(dScale, channels),
      backend.adopt(dOffset, channels),
      backend.adopt(gated, shape),
    ];
  },
};
