// What tfjs's fused operations do after their product or convolution.

import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TorchAddon } from './binding.ts';
import type { Handle } from './bindings/handle.ts';
import { expectBroadcast } from './checks.ts';
import type { KernelCall, TorchKernel } from './kernel.ts';

const simple = {
  elu: 'Elu',
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
} as const satisfies { readonly [name: string]: keyof TorchAddon };

/** A convolution, then bias and activation. */
export function fusedConvolution(kernelName: string, convolution: TorchKernel): TorchKernel {
  return {
    kernelName,
    run: (call) => {
      const { backend } = call;
      const product = convolution.run(call) as TensorInfo;
      const handle = applyBiasAndActivation(call, backend.release(product), product.shape);
      return backend.adopt(handle, product.shape);
    },
  };
}

/** Adds the call's bias to `result`, which has `shape`, and applies its activation. Consumes `result`. */
export function applyBiasAndActivation(call: KernelCall, result: Handle, shape: readonly number[]): Handle {
  const { addon } = call.backend;
  const { bias } = call.inputs;
  let current = result;
  try {
    const steps = [
      ...(bias ? [(x: Handle) => withBroadcast(call, { tensor: bias, shape }, (b) => addon.Add(x, b))] : []),
      ...chooseActivation(call, shape),
    ];
    for (const step of steps) {
      const next = step(current);
      addon.drop(current);
      current = next;
    }
    return current;
  } catch (error) {
    addon.drop(current);
    throw error;
  }
}

/** The activation as a step; none for 'linear'. */
function chooseActivation(call: KernelCall, shape: readonly number[]): ((x: Handle) => Handle)[] {
  const { addon } = call.backend;
  const { activation = 'linear', leakyreluAlpha = 0.2 } = call.attrs as {
    activation?: string;
    leakyreluAlpha?: number;
  };
  const weights = call.inputs.preluActivationWeights;
  if (activation === 'linear') return [];
  if (activation in simple) return [(x) => addon[simple[activation as keyof typeof simple]](x)];
  if (activation === 'leakyrelu') return [(x) => addon.LeakyRelu(x, leakyreluAlpha)];
  if (activation === 'prelu' && weights)
    return [(x) => withBroadcast(call, { tensor: weights, shape }, (alpha) => addon.Prelu(x, alpha))];
  throw new Error(`the activation ${activation} is not there`);
}

/** Runs `use` on a bias or on weights. They broadcast to the result, never widen it, and run over channels. */
function withBroadcast(
  { attrs, backend }: KernelCall,
  { tensor, shape }: { readonly tensor: TensorInfo; readonly shape: readonly number[] },
  use: (operand: Handle) => Handle,
): Handle {
  const channelsFirst = attrs.dataFormat === 'NCHW' && tensor.shape.length === 1;
  const own = channelsFirst ? [tensor.shape[0]!, 1, 1] : tensor.shape;
  expectBroadcast(own, shape);
  const operand = backend.addon.Reshape(backend.handleOf(tensor), own);
  try {
    return use(operand);
  } finally {
    backend.addon.drop(operand);
  }
}
