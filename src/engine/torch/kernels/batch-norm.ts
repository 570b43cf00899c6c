import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormTrainingOptions, EngineOps } from '../../engine.ts';
import { isSpent } from '../../ops/backward.ts';
import { expectTensor, expectWhole } from '../checks.ts';
import type { KernelCall, TorchKernel } from '../kernel.ts';
import { BATCH_NORM_GRAD } from './batch-norm-grad.ts';

const BATCH_NORM = 'TorchBatchNorm';
/** The same, saving y: after a residual, ReLU's mask can only be had from there. */
const BATCH_NORM_KEEPING_Y = 'TorchBatchNormKeepingY';

/** What the kernel is told beside its inputs. */
interface Attrs extends Pick<BatchNormTrainingOptions, 'running'> {
  readonly epsilon: number;
  readonly relu: boolean;
  readonly splits: number;
  readonly xIsSpent: boolean;
}

/** Training-mode BatchNorm (+ residual) (+ ReLU) as one kernel forward and one backward. */
export const batchNormTraining: EngineOps['batchNormTraining'] = (x, options) => {
  const { scale, offset, residual, epsilon, running, relu = false, splits = 1, xIsSpent = false } = options;
  const attrs: Attrs = {
    epsilon,
    relu,
    splits,
    xIsSpent: xIsSpent && tf.engine().state.gradientDepth === 0, // A tape keeps x for the backward pass.
    ...(running ? { running } : {}),
  };
  const inputs: NamedTensorMap = residual ? { x, scale, offset, residual } : { x, scale, offset };
  const kernel = relu && residual ? BATCH_NORM_KEEPING_Y : BATCH_NORM;
  const outputs = tf.engine().runKernel(kernel, inputs, attrs as unknown as tf.NamedAttrMap);
  const [y, mean, variance] = outputs as unknown as [tf.Tensor4D, tf.Tensor2D, tf.Tensor2D];
  return { y, mean, variance };
};

export const batchNorm: TorchKernel = { kernelName: BATCH_NORM, run };
export const batchNormKeepingY: TorchKernel = { kernelName: BATCH_NORM_KEEPING_Y, run };

/** Inputs x [..., C], scale, offset, residual?; outputs y, mean and biased variance [splits, C]. */
function run({ inputs, attrs, backend }: KernelCall): tf.TensorInfo[] {
  const { x, scale, offset, residual } = inputs as { [name: string]: tf.TensorInfo };
  const { epsilon, relu, splits, xIsSpent, running } = attrs as unknown as Attrs;
  const channels = x!.shape.at(-1)!;
  checkShapes(inputs, attrs as unknown as Attrs);
  const statistics = running ? backend.ownHandles([running.mean, running.variance]) : [];
  const [y, mean, variance] = backend.addon.BatchNorm(
    backend.handleOf(x!),
    backend.handleOf(scale!),
    backend.handleOf(offset!),
    epsilon,
    relu,
    splits,
    xIsSpent && backend.refCount(x!.dataId) === 1,
    residual && backend.handleOf(residual),
    ...statistics,
    running?.shareOfNew,
  );
  return [
    backend.adopt(y, x!.shape),
    backend.adopt(mean, [splits, channels]),
    backend.adopt(variance, [splits, channels]),
  ];
}

function checkShapes({ x, scale, offset, residual }: KernelCall['inputs'], attrs: Attrs): void {
  const { splits, running } = attrs;
  const channels = x!.shape.at(-1)!;
  expectWhole('the number of channels', channels, 1);
  expectTensor('scale', scale!, [channels]);
  expectTensor('offset', offset!, [channels]);
  if (residual) expectTensor('residual', residual, x!.shape);
  if (x!.shape[0]! % splits !== 0) throw new Error(`${x!.shape[0]} images do not make ${splits} equal parts`);
  if (!running) return;
  expectTensor('running.mean', running.mean, [channels]);
  expectTensor('running.variance', running.variance, [channels]);
}

export const batchNormGradients: readonly tf.GradConfig[] = [
  { kernelName: BATCH_NORM, ...saving({ y: false }) },
  { kernelName: BATCH_NORM_KEEPING_Y, ...saving({ y: true }) },
];

function saving({ y: savesY }: { readonly y: boolean }): Omit<tf.GradConfig, 'kernelName'> {
  return {
    inputsToSave: ['x', 'scale', 'offset'],
    outputsToSave: [savesY, true, true],
    gradFunc: (dys, saved, attrs) => {
      const { epsilon, relu } = attrs as unknown as Attrs;
      const [x, scale, offset, ...outputs] = saved as [Tensor, Tensor, Tensor, ...Tensor[]];
      const [variance, mean, y] = outputs.toReversed() as [Tensor, Tensor, Tensor?];
      const dy = (dys as Tensor[])[0]!;
      const inputs = { dy, x, scale, offset, mean, variance, ...(y ? { y } : {}) };
      const spent = { dyIsSpent: isSpent(dy), xIsSpent: isSpent(x) };
      const found = tf.engine().runKernel(BATCH_NORM_GRAD, inputs, { epsilon, relu, ...spent });
      const [dx, dScale, dOffset, gated] = found as unknown as [Tensor, Tensor, Tensor, Tensor];
      return { x: () => dx, scale: () => dScale, offset: () => dOffset, residual: () => gated };
    },
  };
}
