// What tfjs's fused operations do after their product or convolution.

import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Handle, TorchAddon } from './binding.ts';
import type { KernelCall } from './kernel.ts';

const simple = {
  elu: 'Elu',
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
} as const satisfies { readonly [name: string]: keyof TorchAddon };

/** Adds the call's bias to `result`, which has `shape`, and applies its activation. Consumes `result`. */
export function applyBiasAndActivation(
  { inputs, attrs, backend }: KernelCall,
  result: Handle,
  shape: readonly number[],
): Handle {
  const { addon } = backend;
  const { activation = 'linear', leakyreluAlpha = 0.2 } = attrs as {
    activation?: string;
    leakyreluAlpha?: number;
  };
  let current = result;
  const replace = (next: Handle) => {
    addon.drop(current);
    current = next;
  };
  try {
    const { bias, preluActivationWeights: weights } = inputs as {
      bias?: TensorInfo;
      preluActivationWeights?: TensorInfo;
    };
    if (bias) {
      refuseOther(bias, shape);
      replace(addon.Add(current, backend.handleOf(bias)));
    }
    if (activation === 'linear') return current;
    if (activation in simple) replace(addon[simple[activation as keyof typeof simple]](current));
    else if (activation === 'leakyrelu') replace(addon.LeakyRelu(current, leakyreluAlpha));
    else if (activation === 'prelu' && weights) {
      refuseOther(weights, shape);
      replace(addon.Prelu(current, backend.handleOf(weights)));
    } else throw new Error(`the activation ${activation} is not there`);
    return current;
  } catch (error) {
    addon.drop(current);
    throw error;
  }
}

/** A bias or weight broadcasts to the result and never widens it. */
function refuseOther({ shape }: TensorInfo, result: readonly number[]): void {
  const broadcast = broadcast_util.assertAndGetBroadcastShape(shape, [...result]);
  if (broadcast.join() !== result.join()) throw new Error(`[${shape}] does not broadcast to [${result}]`);
}
