// What a kernel of this backend is, and how it becomes one of tfjs's. An error of the addon is told with
// the op, its shapes and its types.

import * as tf from '@tensorflow/tfjs-core';
import type { TorchBackend } from './backend.ts';
import type { Handle } from './binding.ts';

/** One call of a kernel. */
export interface KernelCall {
  readonly inputs: { readonly [name: string]: tf.TensorInfo };
  readonly attrs: { readonly [name: string]: unknown };
  readonly backend: TorchBackend;
}

export interface TorchKernel {
  readonly kernelName: string;
  readonly run: (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];
}

/** Registers a kernel for the backend `torch`. */
export function registerTorchKernel({ kernelName, run }: TorchKernel): void {
  const kernelFunc = (call: KernelCall) => {
    try {
      return run(call);
    } catch (error) {
      throw new Error(`${kernelName}(${describeInputs(call.inputs)}): ${firstLine(error)}`);
    }
  };
  tf.registerKernel({
    kernelName,
    backendName: 'torch',
    kernelFunc: kernelFunc as unknown as tf.KernelFunc,
  });
}

/** A kernel of one input whose output has its shape. */
export function unaryKernel(
  kernelName: string,
  compute: (call: KernelCall, x: Handle) => Handle,
): TorchKernel {
  return {
    kernelName,
    run: (call) => {
      const { x } = call.inputs as { x: tf.TensorInfo };
      return call.backend.adopt(compute(call, call.backend.handleOf(x)), x.shape, x.dtype);
    },
  };
}

/** A kernel of two inputs that broadcast. Both have one type. */
export function binaryKernel(
  kernelName: string,
  compute: (call: KernelCall, a: Handle, b: Handle) => Handle,
): TorchKernel {
  return {
    kernelName,
    run: (call) => {
      const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const { backend } = call;
      return backend.adopt(compute(call, backend.handleOf(a), backend.handleOf(b)), shape, a.dtype);
    },
  };
}

/** A kernel that reduces axes; `axis` and `reductionIndices` are the names that tfjs uses. */
export function reductionKernel(
  kernelName: string,
  compute: (call: KernelCall, x: Handle, reduction: Reduction) => Handle,
): TorchKernel {
  return {
    kernelName,
    run: (call) => {
      const { x } = call.inputs as { x: tf.TensorInfo };
      const {
        axis,
        reductionIndices,
        keepDims = false,
      } = call.attrs as {
        axis?: number | number[];
        reductionIndices?: number | number[];
        keepDims?: boolean;
      };
      const all = x.shape.map((_, i) => i);
      const axes = tf.util.parseAxisParam(axis ?? reductionIndices ?? all, x.shape);
      const kept = tf.backend_util.expandShapeToKeepDim(
        x.shape.filter((_, i) => !axes.includes(i)),
        axes,
      );
      const shape = keepDims ? kept : x.shape.filter((_, i) => !axes.includes(i));
      const handle = compute(call, call.backend.handleOf(x), { axes, keepDims });
      return call.backend.adopt(handle, shape, x.dtype);
    },
  };
}

export interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

function describeInputs(inputs: KernelCall['inputs']): string {
  return Object.entries(inputs)
    .filter(([, tensor]) => tensor)
    .map(([name, { shape, dtype }]) => `${name} ${dtype} [${shape}]`)
    .join(', ');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
