import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../../engine.ts';
import type { TorchKernel } from '../kernel.ts';

const INFO_NCE = 'TorchInfoNce';

export const infoNce: EngineOps['infoNce'] = ({ q, k, queue, temperature }) => {
  const outputs = tf.engine().runKernel(INFO_NCE, { q, k, queue }, { temperature });
  const [loss, , rank] = outputs as unknown as [tf.Scalar, tf.Tensor2D, tf.Tensor1D];
  return { loss, rank };
};

/** Inputs q [N, C], k [N, C], queue [C, K]; outputs the mean loss, its gradient by q, the ranks [N]. */
export const infoNceKernel: TorchKernel = {
  kernelName: INFO_NCE,
  run: ({ inputs, attrs, backend }) => {
    const { q, k, queue } = inputs as { q: TensorInfo; k: TensorInfo; queue: TensorInfo };
    const [n, c] = q.shape as [number, number];
    if (k.shape[0] !== n || k.shape[1] !== c) throw new Error('q and k have different shapes');
    if (queue.shape[0] !== c)
      throw new Error(`queries have ${c} numbers, the queue's keys ${queue.shape[0]}`);
    const [loss, gradient, rank] = backend.addon.InfoNce(
      backend.handleOf(q),
      backend.handleOf(k),
      backend.handleOf(queue),
      attrs.temperature as number,
    );
    return [backend.adopt(loss, []), backend.adopt(gradient, q.shape), backend.adopt(rank, [n], 'int32')];
  },
};

/** By q alone: keys have no gradient. */
export const infoNceGradient: tf.GradConfig = {
  kernelName: INFO_NCE,
  outputsToSave: [false, true, false],
  gradFunc: (dys, [gradient]) => ({ q: () => tf.mul(gradient!, (dys as Tensor[])[0]!) }),
};
