import type { TensorInfo } from '@tensorflow/tfjs-core';
import { expectTensor, expectWhole } from '../checks.ts';
import type { KernelCall, TorchKernel } from '../kernel.ts';

export const BATCH_NORM_GRAD = 'TorchBatchNormGrad';

/**
 * Inputs dy, x, scale, offset, mean, variance, and y where ReLU came after a residual; outputs dx, dScale,
 * dOffset, and dy where ReLU let it through, which is the residual's gradient. dy and x are overwritten where
 * they are spent and nobody else has them.
 */
export const batchNormGrad: TorchKernel = {
  kernelName: BATCH_NORM_GRAD,
  run: ({ inputs, attrs, backend }) => {
    const { epsilon, relu, dyIsSpent, xIsSpent } = attrs as {
      epsilon: number;
      relu: boolean;
      dyIsSpent: boolean;
      xIsSpent: boolean;
    };
    checkShapes(inputs);
    const of = (name: string) => backend.handleOf(inputs[name] as TensorInfo);
    const isFree = (name: string) => backend.refCount(inputs[name]!.dataId) === 1;
    const [dx, dScale, dOffset, gated] = backend.addon.BatchNormGrad(
      of('dy'),
      of('x'),
      inputs.y && of('y'),
      of('scale'),
      of('offset'),
      of('mean'),
      of('variance'),
      epsilon,
      relu,
      dyIsSpent && isFree('dy'),
      xIsSpent && isFree('x'),
    );
    const { shape } = inputs.x as TensorInfo;
    const channels = [shape.at(-1)!];
    return [
      backend.adopt(dx, shape),
      backend.adopt(dScale, channels),
      backend.adopt(dOffset, channels),
      backend.adopt(gated, shape),
    ];
  },
};

function checkShapes({ dy, x, y, scale, offset, mean, variance }: KernelCall['inputs']): void {
  const [images, channels] = [x!.shape[0]!, x!.shape.at(-1)!];
  expectWhole('the number of channels', channels, 1);
  expectTensor('dy', dy!, x!.shape);
  if (y) expectTensor('y', y, x!.shape);
  for (const [name, each] of Object.entries({ scale, offset })) expectTensor(name, each!, [channels]);
  const splits = mean!.shape[0]!;
  for (const [name, each] of Object.entries({ mean, variance }))
    expectTensor(name, each!, [splits, channels]);
  if (images % splits !== 0) throw new Error(`${images} images do not make ${splits} equal parts`);
}
